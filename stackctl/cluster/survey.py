"""What stands in the way of removing a stack: users' instances, their data, foreign objects.

Reading only; what is done about it is decided by `removal` and by the user.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor

from stackctl.api.discovery import ApiResource
from stackctl.cluster.connection import Connection
from stackctl.errors import AccessDenied, NotServed, Rejected
from stackctl.model.objects import STACK_LABEL, Manifest, Ref
from stackctl.model.removal import BOOKKEEPING, Survey, foreign

# From this many namespaces, a LIST of a kind in all of them is cheaper, if it is not too long.
WIDE_FROM = 3


def look(
    connection: Connection,
    stack: str,
    refs: Iterable[Ref],
    leftovers: Sequence[Ref],
    pool: Executor,
) -> Survey:
    """Look for what a removal of these objects would take along."""
    known = tuple(refs)
    definitions = [ref.name for ref in known if ref.kind == "CustomResourceDefinition"]
    namespaces = [ref.name for ref in known if ref.kind == "Namespace"]
    instances = {
        definition: _theirs(items, stack, leftovers)
        for definition, items in instances_of(connection, definitions, pool).items()
    }
    content = _theirs(content_of(connection, namespaces, pool), stack, leftovers)
    counted = {ref for refs in instances.values() for ref in refs}
    return Survey(
        instances={name: found for name, found in instances.items() if found},
        strangers=_by_namespace(ref for ref in content if ref not in counted),
        volumes=_by_namespace(ref for ref in content if ref.kind == "PersistentVolumeClaim"),
    )


def _theirs(items: Mapping[Ref, Manifest], stack: str, leftovers: Sequence[Ref]) -> tuple[Ref, ...]:
    return tuple(ref for ref, item in items.items() if foreign(item, ref, stack, leftovers))


def _by_namespace(refs: Iterable[Ref]) -> dict[str, tuple[Ref, ...]]:
    found: dict[str, list[Ref]] = {}
    for ref in refs:
        found.setdefault(ref.namespace, []).append(ref)
    return {namespace: tuple(each) for namespace, each in found.items()}


def instances_of(
    connection: Connection, definitions: Sequence[str], pool: Executor
) -> dict[str, dict[Ref, Manifest]]:
    """List every instance of custom resource definitions, named as `<plural>.<group>`."""
    served = {f"{each.plural}.{each.group}": each for each in _listable(connection)}
    names = [name for name in definitions if name in served]
    answers = pool.map(lambda name: _list(connection, served[name], "", ""), names)
    return dict(zip(names, answers, strict=True))


def content_of(
    connection: Connection, namespaces: Sequence[str], pool: Executor
) -> dict[Ref, Manifest]:
    """List everything in namespaces, of every kind the server serves."""
    kinds = [each for each in _listable(connection) if each.namespaced]
    found: dict[Ref, Manifest] = {}
    if len(namespaces) >= WIDE_FROM:
        pages = dict(zip(kinds, pool.map(lambda each: _page(connection, each), kinds), strict=True))
        kinds = [each for each, page in pages.items() if page is None]
        found = {ref: item for page in pages.values() if page for ref, item in page.items()}
    asked = [(each, namespace) for namespace in namespaces for each in kinds]
    inside = {ref: item for ref, item in found.items() if ref.namespace in set(namespaces)}
    return inside | _list_all(connection, asked, pool)


def labelled_everywhere(connection: Connection, stack: str, pool: Executor) -> dict[Ref, Manifest]:
    """Find every object with the stack's label, of every kind the server serves."""
    asked = [(each, "") for each in _listable(connection)]
    return _list_all(connection, asked, pool, labels=f"{STACK_LABEL}={stack}")


def _listable(connection: Connection) -> list[ApiResource]:
    """One version of each kind that can be listed and deleted and is not mere bookkeeping."""
    found: dict[tuple[str, str], ApiResource] = {}
    for each in connection.discovery.all():
        if {"list", "delete"} <= set(each.verbs) and each.kind not in BOOKKEEPING:
            found.setdefault((each.group, each.kind), each)
    return list(found.values())


def _list_all(
    connection: Connection,
    asked: Sequence[tuple[ApiResource, str]],
    pool: Executor,
    labels: str = "",
) -> dict[Ref, Manifest]:
    answers = pool.map(lambda each: _list(connection, each[0], each[1], labels), asked)
    return {ref: item for answer in answers for ref, item in answer.items()}


def _page(connection: Connection, resource: ApiResource) -> dict[Ref, Manifest] | None:
    """List a kind in all namespaces; None where that is too much, or denied."""
    try:
        listing = connection.client.page(resource.path(), metadata_only=True)
    except (AccessDenied, Rejected):
        return None
    return _by_ref(resource, listing.items) if listing.complete else None


def _list(
    connection: Connection, resource: ApiResource, namespace: str, labels: str
) -> dict[Ref, Manifest]:
    try:
        listing = connection.client.list(
            resource.path(namespace), labels=labels, metadata_only=True
        )
    except NotServed:
        return {}  # the kind left between discovery and now
    except Rejected as error:
        if error.status == 405:  # listed in discovery, but not by its server
            return {}
        raise
    return _by_ref(resource, listing.items)


def _by_ref(resource: ApiResource, items: Iterable[Manifest]) -> dict[Ref, Manifest]:
    return {
        Ref(
            resource.group,
            resource.kind,
            item["metadata"].get("namespace", ""),
            item["metadata"]["name"],
        ): item
        for item in items
    }
