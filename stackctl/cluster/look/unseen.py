"""Whether what is not seen is not there: proven, or not known.

A kind may be missing from what the server says it serves because its definition is gone, and its
objects with it. It may also be missing because the server has only just started, or because the
server of an aggregated API is down, and then its objects are where they were. So absence is
proven: the definition is gone and nothing else is registered for the group, or the object's own
address says so. What cannot be proven is named, with the reason.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource, Discovery
from stackctl.errors import AccessDenied, NotServed
from stackctl.model.objects.conditions import holds
from stackctl.model.objects.refs import Manifest, Ref, labels_of

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
# Kubernetes registers the groups of definitions by itself: the definitions say more about them.
MANAGED_LABEL = "kube-aggregator.kubernetes.io/automanaged"
VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


def unseen(client: Client, discovery: Discovery, refs: Iterable[Ref]) -> dict[Ref, str]:
    """Name what may be there although its kind is not served, and why that is not known.

    Asks nothing where every kind is served.
    """
    kinds: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for ref in refs:
        if discovery.find(ref.group, ref.kind) is None:
            kinds[ref.group, ref.kind].append(ref)
    registry = Registry(client, discovery)
    return {
        ref: why
        for kind, objects in kinds.items()
        for ref, why in registry.unproven(*kind, objects)
    }


def learn(client: Client, discovery: Discovery, refs: Iterable[Ref]) -> None:
    """Find kinds that are served although the server does not name them: definitions do.

    Asks nothing where every kind is named.
    """
    registry = Registry(client, discovery)
    for kind in {(ref.group, ref.kind) for ref in refs}:
        if discovery.find(*kind) is None and (found := registry.answering(*kind)):
            discovery.learn(found)


def unlisted(client: Client, discovery: Discovery) -> list[str]:
    """Name the groups whose objects no list would show, and why; those we may learn of."""
    return list(Registry(client, discovery).unlisted())


def defined(client: Client, name: str) -> ApiResource | None:
    """Read from a definition where its objects are; None where it is gone or never took effect.

    What was never established has no objects.
    """
    live = client.get(f"{CRDS}/{name}")
    return _resource(live) if live is not None and holds(live, "Established") else None


def definition_gone(client: Client, resource: ApiResource) -> bool:
    """Tell whether a kind is not served any more because its definition is gone."""
    try:
        return client.get(f"{CRDS}/{resource.plural}.{resource.group}", metadata_only=True) is None
    except AccessDenied:
        return False


@dataclass(frozen=True)
class Registry:
    """What is registered at the API server, beside what it says it serves."""

    client: Client
    discovery: Discovery

    def answering(self, group: str, kind: str) -> ApiResource | None:
        """Return a kind by its definition, if it can be listed."""
        with suppress(AccessDenied, NotServed):
            for definition in self._defining(group):
                found = _resource(definition)
                if found is not None and found.kind == kind:
                    self.client.page(found.path(), metadata_only=True)
                    return found
        return None

    def unproven(self, group: str, kind: str, refs: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
        """Name the objects of a kind that may be there, and why that is not known."""
        try:
            doubt = self._doubt(group, kind)
        except AccessDenied as refusal:
            doubt = Doubt(f"its kind is not served, and {refusal}")
        for ref in refs:
            resource = doubt.address or self.discovery.address(group, kind) or doubt.guess(ref)
            if doubt.why and not (resource is not None and self._absent(resource, ref, doubt)):
                yield ref, doubt.why

    def unlisted(self) -> Iterator[str]:
        """Name the groups that are registered and of which nothing is served."""
        for group in sorted(self.discovery.silent):
            yield f"objects of {group}: its server does not answer"
        try:
            groups = {_group(name) for name in (*self._definitions, *self._services)}
        except AccessDenied:
            return
        for group in sorted(groups - self.discovery.silent):
            if self.discovery.lacks(group):
                yield f"objects of {group}: it is registered and not served"

    def _doubt(self, group: str, kind: str) -> "Doubt":
        """Return why objects of a kind that is not served may be there.

        Raises:
            AccessDenied: we may not know.
        """
        if group in self.discovery.silent:
            return Doubt(f"the server of {group} does not answer")
        for definition in self._defining(group):
            if definition["spec"]["names"]["kind"] == kind:
                name = definition["metadata"]["name"]
                return Doubt(
                    f"its definition {name} is there and not served", _resource(definition)
                )
        if not any(_group(name) == group for name in self._services):
            return Doubt()
        if self.discovery.lacks(group):
            return Doubt(f"{group or 'the core group'} is registered and not served")
        versions = {each.version for each in self.discovery.all() if each.group == group}
        return Doubt(f"{kind} is missing among what {group or 'the core'} serves", None, versions)

    def _defining(self, group: str) -> Iterator[Manifest]:
        for name in self._definitions:
            if _group(name) == group and (live := self.client.get(f"{CRDS}/{name}")) is not None:
                yield live

    @cached_property
    def _definitions(self) -> tuple[str, ...]:
        """The names of all definitions: `tfjobs.kubeflow.org`."""
        return _names(self.client.list(CRDS, metadata_only=True).items)

    @cached_property
    def _services(self) -> tuple[str, ...]:
        """The names of what is registered otherwise: `v1.apps`, `v1beta1.metrics.k8s.io`."""
        items = self.client.list(API_SERVICES, metadata_only=True).items
        return _names(each for each in items if labels_of(each).get(MANAGED_LABEL) != "true")

    def _absent(self, resource: ApiResource, ref: Ref, doubt: "Doubt") -> bool:
        """Ask an object's own address, where anything is served there."""
        try:
            path = resource.path(ref.namespace, ref.name)
            return self.client.get(path, metadata_only=True) is None
        except NotServed:
            return bool(doubt.versions)  # the others of its group are: this kind is not
        except AccessDenied:
            return False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why objects of a kind may be there, and where; they are not, if there is no reason."""

    why: str = ""
    address: ApiResource | None = None
    versions: Collection[str] = ()  # of its group, which is served

    def guess(self, ref: Ref) -> ApiResource | None:
        """Name an address as Kubernetes makes plurals of the kinds that it brings along."""
        if not self.versions:
            return None
        version, plural = min(self.versions), plural_of(ref.kind)
        return ApiResource(ref.group, version, ref.kind, plural, bool(ref.namespace), frozenset())


def plural_of(kind: str) -> str:
    """Make a plural by the rule of Kubernetes' own kinds."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def _resource(definition: Manifest) -> ApiResource | None:
    """Return where the objects of a definition are; None where no version is served."""
    spec = definition["spec"]
    for version in spec["versions"]:
        if version.get("served"):
            return ApiResource(
                group=spec["group"],
                version=version["name"],
                kind=spec["names"]["kind"],
                plural=spec["names"]["plural"],
                namespaced=spec["scope"] == "Namespaced",
                verbs=VERBS,
                subresources=frozenset(version.get("subresources") or ()),
            )
    return None


def _group(name: str) -> str:
    """Read the group from the name of a definition or of a registered version."""
    return name.partition(".")[2]


def _names(items: Iterable[Manifest]) -> tuple[str, ...]:
    return tuple(each["metadata"]["name"] for each in items)
