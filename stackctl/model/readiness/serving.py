"""What serves a stack's webhooks: whom the API server calls and trusts, and with which Secrets.

Whether they answer, and what is in the Secrets, is for `cluster.status.serving`.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest, Ref, annotations_of
from stackctl.model.readiness.children import WORKLOADS

_NO_BUNDLE = re.compile(r"unable to load root certificates: (.+)$")
_UNTRUSTED = re.compile(f"x509: |{_NO_BUNDLE.pattern}")
_CALLING = re.compile(r'failed calling webhook "?([^",: ]+)"?')
_CONVERTING = re.compile(r"conversion webhook for (?:([^/, ]+)/)?[^/, ]+, Kind=(\w+)")
_CALLERS = ("admissionregistration.k8s.io", "apiextensions.k8s.io")
_CERTIFICATE = re.compile("BEGIN CERTIFICATE-----(.+?)-----END", re.DOTALL)
_INJECT = "cert-manager.io/inject-ca-from"


@dataclass(frozen=True, slots=True)
class WebhookTrust:
    """A webhook: whom the API server calls for it, and by which certificates it knows them."""

    ref: Ref  # of the configuration, or definition
    name: str
    service: Ref
    bundle: str  # base64 of PEM
    injected: bool  # by cert-manager's cainjector


@dataclass(frozen=True, slots=True)
class Mount:
    """A Secret that a workload cannot do without, as a volume."""

    by: Ref
    secret: Ref


def trusts_of(ref: Ref, obj: Manifest) -> Iterator[WebhookTrust]:
    """List the webhooks of a configuration, or of a definition's conversion."""
    if ref.group not in _CALLERS:
        return
    injected = _INJECT in annotations_of(obj)
    conversion = ((obj.get("spec") or {}).get("conversion") or {}).get("webhook")
    named = [(each.get("name", ""), each) for each in obj.get("webhooks") or ()]
    if ref.kind == "CustomResourceDefinition":
        named.append((_conversion(obj["spec"]["group"], obj["spec"]["names"]["kind"]), conversion))
    for name, webhook in named:
        client = (webhook or {}).get("clientConfig") or {}
        if service := client.get("service"):
            to = Ref("", "Service", service["namespace"], service["name"])
            yield WebhookTrust(ref, name, to, client.get("caBundle") or "", injected)


def mounts_of(live: Mapping[Ref, Manifest]) -> Iterator[Mount]:
    """List the Secrets that running workloads were started with: they do not say if one goes."""
    for ref, obj in live.items():
        if (ref.group, ref.kind) not in WORKLOADS:
            continue
        for volume in _template(obj).get("volumes") or ():
            source = volume.get("secret") or {}
            if source.get("secretName") and not source.get("optional"):
                yield Mount(ref, Ref("", "Secret", ref.namespace, source["secretName"]))


def is_behind(service: Ref, live: Mapping[Ref, Manifest], workload: Ref) -> bool:
    """Tell whether the Pods of a workload are reached by a Service."""
    selector = ((live.get(service) or {}).get("spec") or {}).get("selector") or {}
    if service.namespace != workload.namespace or (workload.group, workload.kind) not in WORKLOADS:
        return False
    labels = paths.get(live[workload], ("spec", "template", "metadata", "labels"), None) or {}
    return bool(selector) and selector.items() <= labels.items()


def issued(live: Mapping[Ref, Manifest]) -> dict[Ref, Ref]:
    """Say which Certificate each Secret comes from."""
    return {
        Ref("", "Secret", ref.namespace, name): ref
        for ref, obj in live.items()
        if (ref.group, ref.kind) == ("cert-manager.io", "Certificate")
        and isinstance(name := paths.get(obj, ("spec", "secretName"), None), str)
    }


def calling(text: str) -> str | None:
    """Name the webhook that a refusal is about; None for any other refusal."""
    if found := _CALLING.search(text):
        return found[1]
    converting = _CONVERTING.search(text)
    return _conversion(converting[1] or "", converting[2]) if converting else None


def _conversion(group: str, kind: str) -> str:
    """Name what has no name: the webhook that converts a kind from version to version."""
    return f"conversion of {kind}.{group}"


def is_untrusted(text: str) -> bool:
    """Tell a call that failed for what is served, or is trusted, not for whether it is answered."""
    return _UNTRUSTED.search(text) is not None


def cause_of(text: str) -> str:
    """Leave what went wrong, of all that was said on the way there."""
    if found := _NO_BUNDLE.search(text):
        return f"its caBundle cannot be read: {found[1]}"
    if "x509: " in text:
        return f"x509: {text.rpartition('x509: ')[2]}"
    return text.rpartition("failed to call webhook: ")[2] or text


def _template(obj: Manifest) -> Mapping[str, Any]:
    spec = obj.get("spec") or {}
    template = spec.get("template") if isinstance(spec, dict) else None
    return (template.get("spec") or {}) if isinstance(template, dict) else {}


def at_odds(trusts: Iterable[WebhookTrust]) -> Iterator[tuple[WebhookTrust, WebhookTrust]]:
    """Yield webhooks whose bundle has nothing of what most others of their Service go by.

    One of those comes with each: a Service serves one certificate, so that both cannot be right.
    """
    served: dict[Ref, list[WebhookTrust]] = {}
    for each in trusts:
        if each.bundle:
            served.setdefault(each.service, []).append(each)
    for those in served.values():
        ranked = Counter(each.bundle for each in those).most_common()
        if ranked[1:] and ranked[0][1] > ranked[1][1]:
            right = next(each for each in those if each.bundle == ranked[0][0])
            known = _authorities(right.bundle)
            yield from ((each, right) for each in those if not known & _authorities(each.bundle))


def _authorities(bundle: str) -> frozenset[str]:
    """Tell the certificates of a bundle apart: while one follows another, both are in it."""
    try:
        text = base64.b64decode(bundle).decode()
    except ValueError:
        return frozenset()
    return frozenset("".join(each.split()) for each in _CERTIFICATE.findall(text))
