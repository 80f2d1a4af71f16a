"""What the API server serves: kinds, their paths and scopes.

Two requests where the server can put it all into two answers (since Kubernetes 1.27), one for
each group version elsewhere. A group whose own server is down is left out, never an error.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from stackctl.api.client import Client
from stackctl.api.http.answers import is_aggregated, resources_of_version, served
from stackctl.api.http.messages import Request
from stackctl.api.together import together
from stackctl.errors import ClusterError, ConflictError, NotServed, Rejected
from stackctl.model.objects.kinds import GroupKind
from stackctl.model.objects.refs import Manifest, Ref, group_of, ref_of, version_of
from stackctl.model.objects.versions import split_api_version

AGGREGATED = ",".join(
    [
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    ]
)
BROKEN_PATIENCE_SECONDS = 2.0  # for a group version whose server does not answer


@dataclass(frozen=True, slots=True)
class ApiResource:
    """One kind as it is served in one version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    subresources: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        """The group and version as manifests write them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> GroupKind:
        """The kind in whatever version."""
        return self.group, self.kind

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return where the kind, its objects in a namespace or one object are.

        Raises:
            ConflictError: they are in none. Who names one means something else, and must not get
                hold of what is the whole cluster's.
        """
        if namespace and not self.namespaced:
            raise ConflictError(
                f"{self.kind}/{namespace}/{name}: objects of this kind are in no namespace",
                hint="leave metadata.namespace out",
            )
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(namespace, safe=':')}" if namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{quote(name, safe=':')}" if name else "")

    def ref(self, item: Manifest) -> Ref:
        """Name an object of this kind; listed as metadata only, it does not say its own."""
        metadata = item["metadata"]
        return Ref(self.group, self.kind, metadata.get("namespace", ""), metadata["name"])


@dataclass(frozen=True, slots=True)
class Served:
    """All that is served, in the server's order of preference."""

    resources: tuple[ApiResource, ...]
    broken: frozenset[str] = frozenset()  # group versions that are registered and do not answer


class Discovery:
    """What one API server serves; asked at first use, and again by `refresh`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asking = threading.Lock()
        self._served: Served | None = None
        self._index: dict[tuple[str, str], tuple[ApiResource, ...]] = {}
        self._ever: dict[tuple[str, str], tuple[ApiResource, ...]] = {}
        self._learned: dict[tuple[str, str], ApiResource] = {}

    @property
    def broken(self) -> frozenset[str]:
        """The group versions that are registered, but whose server does not answer."""
        return self._known().broken

    def all(self) -> tuple[ApiResource, ...]:
        """Return every kind in every version, without subresources."""
        return self._known().resources

    def find(self, group: str, kind: str, version: str = "") -> ApiResource | None:
        """Return a kind, in the preferred version if none is asked for; None if not served."""
        self._known()
        for resource in self._index.get((group, kind), ()):
            if version in ("", resource.version):
                return resource
        return None

    def versions(self, group: str, kind: str) -> tuple[ApiResource, ...]:
        """Return a kind in every version that is served, the preferred one first."""
        self._known()
        return self._index.get((group, kind), ())

    def address(self, group: str, kind: str, version: str = "") -> ApiResource | None:
        """Return where objects of a kind are, or were when the kind was last served.

        A kind that is missing may be back in a moment: its objects answer for themselves.
        """
        found = self.find(group, kind, version) or self.find(group, kind)
        return found or next(iter(self._ever.get((group, kind), ())), None)

    def learn(self, resource: ApiResource) -> None:
        """Count a kind among what is served that is, although the server does not name it yet."""
        with self._asking:
            self._learned[resource.group, resource.kind] = resource
            if self._served is not None:
                self._know(self._served)

    def lacks(self, group: str) -> bool:
        """Return whether nothing of a group is served, or its server does not answer."""
        return group in self.silent or not any(each == group for each, _ in self._index)

    @property
    def silent(self) -> frozenset[str]:
        """The groups of which a version is registered, but does not answer."""
        return frozenset(split_api_version(each)[0] for each in self.broken)

    def path_of(self, manifest: Manifest) -> str:
        """Return where an object is.

        Raises:
            NotServed: its kind is not served in this version.
        """
        resource = self.find(group_of(manifest), manifest["kind"], version_of(manifest))
        ref = ref_of(manifest)
        if resource is None:
            raise NotServed(
                f"{ref}: the cluster does not serve {manifest['kind']} of {manifest['apiVersion']}",
                status=404,
                hint="see what is served: kubectl api-resources",
            )
        if resource.namespaced and not ref.namespace:
            raise ClusterError(f"{ref}: objects of this kind are in a namespace; name one")
        return resource.path(ref.namespace, ref.name)

    def refresh(self) -> None:
        """Ask again, after CRDs or aggregated APIs have changed."""
        with self._asking:
            self._ask()

    def _known(self) -> Served:
        served = self._served
        if served is None:
            with self._asking:
                served = self._served or self._ask()
        return served

    def _ask(self) -> Served:
        return self._know(read_served(self._client))

    def _know(self, served: Served) -> Served:
        index: dict[tuple[str, str], tuple[ApiResource, ...]] = {}
        for resource in served.resources:
            key = (resource.group, resource.kind)
            index[key] = (*index.get(key, ()), resource)
        more = [each for key, each in self._learned.items() if key not in index]
        index |= {(each.group, each.kind): (each,) for each in more}
        self._index = index
        self._ever |= index
        self._served = replace(served, resources=(*served.resources, *more))
        return self._served


def read_served(client: Client, accept: str = AGGREGATED) -> Served:
    """Ask the server what it serves; one that does not know the asked form answers in the old."""
    parts = together(
        lambda: _read_root(client, "/api", accept), lambda: _read_root(client, "/apis", accept)
    )
    return Served(
        tuple(each for part in parts for each in part.resources),
        frozenset().union(*(part.broken for part in parts)),
    )


def _read_root(client: Client, root: str, accept: str) -> Served:
    document = client.ask(Request("GET", root, accept=accept, verb="discover"), served)
    if is_aggregated(document):
        return read_aggregated(document)
    return _ask_each(client, root, document)


def read_aggregated(document: Mapping[str, Any]) -> Served:
    """Read an APIGroupDiscoveryList."""
    resources: list[ApiResource] = []
    broken: set[str] = set()
    for item in document.get("items") or ():
        group = item["metadata"].get("name", "")
        for version in item["versions"]:
            if version.get("freshness") == "Stale":
                broken.add(f"{group}/{version['version']}")
            resources += _resources(group, version)
    return Served(tuple(resources), frozenset(broken))


def _resources(group: str, version: Mapping[str, Any]) -> Iterator[ApiResource]:
    for resource in version.get("resources") or ():
        kind = (resource.get("responseKind") or {}).get("kind")
        if not kind:
            continue
        yield ApiResource(
            group=group,
            version=version["version"],
            kind=kind,
            plural=resource["resource"],
            namespaced=resource["scope"] == "Namespaced",
            verbs=frozenset(resource.get("verbs") or ()),
            subresources=frozenset(
                sub["subresource"] for sub in resource.get("subresources") or ()
            ),
        )


def _ask_each(client: Client, root: str, document: Mapping[str, Any]) -> Served:
    """Ask for each group version by itself, as before Kubernetes 1.27."""
    resources: list[ApiResource] = []
    broken: set[str] = set()
    for name in _group_versions(document):
        request = Request(
            method="GET",
            path=f"{root}/{name}",
            verb="discover",
            retry_until=client.now() + BROKEN_PATIENCE_SECONDS,
        )
        try:
            document = client.ask(request, resources_of_version)
        except Rejected:
            broken.add(name)
            continue
        resources += read_resource_list(document)
    return Served(tuple(resources), frozenset(broken))


def _group_versions(document: Mapping[str, Any]) -> Iterator[str]:
    """List group versions, the preferred one of each group first."""
    if "groups" not in document:
        yield from document.get("versions") or ()
        return
    for group in document["groups"]:
        names = [version["groupVersion"] for version in group["versions"]]
        preferred = (group.get("preferredVersion") or {}).get("groupVersion", "")
        yield from sorted(names, key=lambda name: name != preferred)


def read_resource_list(document: Mapping[str, Any]) -> Iterable[ApiResource]:
    """Read an APIResourceList."""
    group, version = split_api_version(document["groupVersion"])
    entries = document.get("resources") or ()
    subresources: dict[str, set[str]] = {}
    for entry in entries:
        plural, slash, sub = entry["name"].partition("/")
        if slash:
            subresources.setdefault(plural, set()).add(sub)
    for entry in entries:
        if "/" not in entry["name"]:
            yield ApiResource(
                group=group,
                version=version,
                kind=entry["kind"],
                plural=entry["name"],
                namespaced=entry["namespaced"],
                verbs=frozenset(entry.get("verbs") or ()),
                subresources=frozenset(subresources.get(entry["name"], ())),
            )
