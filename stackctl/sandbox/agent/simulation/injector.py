"""Gives the sandbox's CA to whatever names a Service to call and not whom to trust.

That is webhook configurations, conversion webhooks and aggregated APIs with an empty `caBundle`.
A wrong one is mended where an annotation asks cert-manager for that, while its cainjector runs.
Services of registered processes are left alone: those hand out certificates of their own.
"""

import base64
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.errors import ClusterError
from stackctl.model.objects.kinds import DEFINITION
from stackctl.model.objects.refs import Manifest, annotations_of, ref_of
from stackctl.sandbox.agent.lifecycles.certificates import CA_INJECTOR
from stackctl.sandbox.agent.lifecycles.lifecycle import is_operator
from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.mirror import PODS, Mirror
from stackctl.sandbox.agent.simulation.devices import is_ready
from stackctl.sandbox.agent.webhooks.routes import Routes
from stackctl.sandbox.agent.writes import patch_fields

KINDS = tuple(
    ApiResource(group, "v1", kind, f"{kind.lower()}s", namespaced=False)
    for group, kind in (
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        DEFINITION,
        ("apiregistration.k8s.io", "APIService"),
    )
)
_LOOK_SECONDS = 0.5  # the routes are a file, which wakes nobody
_ASKING = "cert-manager.io/inject-"  # ca-from, ca-from-secret, apiserver-ca
_EMPTY = ("", "Cg==")  # a line feed: what generators write where a bundle is to come


@dataclass(frozen=True, slots=True)
class Trust:
    """A place for a CA bundle: where it is, for which Service, and what is in it."""

    pointer: str
    service: str  # "namespace/name"
    bundle: str


def trusts(manifest: Manifest) -> Iterator[Trust]:
    """List the places of an object that say whom to trust when a Service is called."""
    webhooks = manifest.get("webhooks") or ()
    for index, webhook in enumerate(webhooks):
        yield from _trust(f"/webhooks/{index}/clientConfig", webhook["clientConfig"])
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "APIService" and not spec.get("insecureSkipTLSVerify"):
        yield from _trust("/spec", spec)
    conversion = ((spec.get("conversion") or {}).get("webhook") or {}).get("clientConfig")
    if conversion:
        yield from _trust("/spec/conversion/webhook/clientConfig", conversion)


def _trust(pointer: str, config: Mapping[str, Any]) -> Iterator[Trust]:
    if service := config.get("service"):
        name = f"{service['namespace']}/{service['name']}"
        yield Trust(f"{pointer}/caBundle", name, config.get("caBundle") or "")


def injections(
    manifest: Manifest,
    bundle: str,
    registered: AbstractSet[str],
    orphaned: AbstractSet[str],
    *,
    mending: bool = False,
) -> list[Manifest]:
    """Write the JSON patch that an object needs; empty for none.

    `orphaned` Services had a process of their own, whose bundles nobody can answer for any more;
    `mending` is what a cainjector does with every bundle of an object that asks for one.
    """
    asking = mending and any(key.startswith(_ASKING) for key in annotations_of(manifest))
    return [
        {"op": "add", "path": trust.pointer, "value": bundle}
        for trust in trusts(manifest)
        if trust.service not in registered
        and (asking or trust.bundle in _EMPTY or trust.service in orphaned)
        and trust.bundle != bundle
    ]


class Injector:
    """Fills empty bundles and those of processes that are gone, and mends those that ask for it."""

    def __init__(
        self, client: Client, mirror: Mirror, routes: Routes, bundle: bytes, log: Log
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._routes = routes
        self._bundle = base64.b64encode(bundle).decode()
        self._log = log
        self._wakeup = mirror.wakeup(*(each.group_kind for each in KINDS))
        self._registered: AbstractSet[str] = frozenset()
        self._orphaned: AbstractSet[str] = frozenset()

    def run(self) -> None:
        """Work until the agent ends."""
        while not self._wakeup.wait(_LOOK_SECONDS, self._mirror.stop):
            now = self._routes.read().keys()
            self._orphaned = (self._orphaned | (self._registered - now)) - now
            self._registered = frozenset(now)
            mending = self._cainjector_runs()
            for resource in KINDS:
                for manifest in self._mirror.all(resource.group_kind):
                    path = resource.path(name=manifest["metadata"]["name"])
                    self._inject(path, manifest, mending=mending)

    def _cainjector_runs(self) -> bool:
        pods = self._mirror.all(PODS)
        return any(is_operator(CA_INJECTOR, pod) and is_ready(pod) for pod in pods)

    def _inject(self, path: str, manifest: Manifest, *, mending: bool) -> None:
        changes = injections(
            manifest, self._bundle, self._registered, self._orphaned, mending=mending
        )
        if not changes:
            return
        name = ref_of(manifest)
        try:
            patch_fields(self._client, path, manifest, changes)
        except ClusterError as error:  # changed or gone meanwhile: its event is on the way
            self._log(f"{name}: no CA bundle yet: {error}")
        else:
            self._log(f"{name}: gave the sandbox's CA to {len(changes)} places")
