"""What stands in the way of removing a stack: users' instances, their data, foreign objects.

Reading only; what is done about it is decided by `removal` and by the user.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

from stackctl.api.discovery import ApiResource
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import scoped_list
from stackctl.cluster.look.scoped_list import Seen
from stackctl.cluster.look.unseen import defined, definition_gone
from stackctl.errors import Forbidden, NotServed, Rejected
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.ownership import owner
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.removal import BOOKKEEPING, Survey, cannot_list, foreign

# From this many namespaces, a LIST of a kind in all of them is cheaper, if it is not too long.
WIDE_FROM = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """Objects of many kinds, as far as we may see them."""

    objects: Mapping[Ref, Manifest]
    # Kinds that may not be listed, by namespace; EVERYWHERE: in all that were not named.
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def look(
    connection: Connection,
    stack: StackId,
    refs: Iterable[Ref],
    leftovers: Sequence[Ref],
    pool: Executor,
) -> Survey:
    """Look for what a removal of these objects would take along."""
    known = tuple(refs)
    definitions = {ref.name: ref for ref in known if ref.kind == "CustomResourceDefinition"}
    namespaces = {ref.name: ref for ref in known if ref.kind == "Namespace"}
    found = instances_of(connection, tuple(definitions), pool)
    going = frozenset(known)
    instances = {
        name: _theirs(each.objects, stack, leftovers, going) for name, each in found.items()
    }
    inside = content_of(connection, tuple(namespaces), pool)
    content = _theirs(inside.objects, stack, leftovers, going)
    counted = {ref for refs in instances.values() for ref in refs}
    hidden = {
        namespaces[name]: f"what is in it cannot all be seen: {cannot_list(kinds)}"
        for name, kinds in inside.hidden.items()
    }
    hidden |= {
        definitions[name]: f"users' objects of it cannot be looked for: {cannot_list([name])}"
        for name, each in found.items()
        if each.hidden
    }
    return Survey(
        instances={name: found for name, found in instances.items() if found},
        strangers=_by_namespace(ref for ref in content if ref not in counted),
        volumes=_by_namespace(
            ref
            for ref in content
            if ref.kind == "PersistentVolumeClaim" and not owner(inside.objects[ref], stack)
        ),
        hidden=hidden,
        claims=_by_namespace(ref for ref in inside.objects if ref.kind == "PersistentVolumeClaim"),
    )


def _theirs(
    items: Mapping[Ref, Manifest], stack: StackId, leftovers: Sequence[Ref], going: Container[Ref]
) -> tuple[Ref, ...]:
    return tuple(
        ref
        for ref, item in items.items()
        if ref not in going and foreign(item, ref, stack, leftovers)
    )


def _by_namespace(refs: Iterable[Ref]) -> dict[str, tuple[Ref, ...]]:
    found: dict[str, list[Ref]] = {}
    for ref in refs:
        found.setdefault(ref.namespace, []).append(ref)
    return {namespace: tuple(each) for namespace, each in found.items()}


def instances_of(
    connection: Connection, definitions: Sequence[str], pool: Executor
) -> dict[str, Findings]:
    """List every instance of custom resource definitions, named as `<plural>.<group>`."""
    served = {_name(each): each for each in listable(connection)}
    for name in definitions:
        # A definition that is not served may have objects all the same: they are asked for.
        if name not in served and (found := defined(connection.client, name)):
            served[name] = found
    names = [name for name in definitions if name in served]
    answers = pool.map(lambda name: _everywhere(connection, served[name]), names)
    return {
        name: _findings([(served[name], seen)]) for name, seen in zip(names, answers, strict=True)
    }


def content_of(connection: Connection, namespaces: Sequence[str], pool: Executor) -> Findings:
    """List everything in namespaces, of every kind the server serves."""
    kinds = [each for each in listable(connection) if each.namespaced]
    found: dict[Ref, Manifest] = {}
    if len(namespaces) >= WIDE_FROM:
        pages = dict(zip(kinds, pool.map(lambda each: _page(connection, each), kinds), strict=True))
        kinds = [each for each, page in pages.items() if page is None]
        found = {ref: item for page in pages.values() if page for ref, item in page.items()}
    asked = [(each, namespace) for namespace in namespaces for each in kinds]
    wide = {ref: item for ref, item in found.items() if ref.namespace in set(namespaces)}
    answers = pool.map(lambda each: _within(connection, *each), asked)
    rest = _findings(zip((each for each, _ in asked), answers, strict=True))
    return Findings(wide | dict(rest.objects), rest.hidden)


def labelled_everywhere(
    connection: Connection, stack: StackId, pool: Executor, namespaces: Iterable[str] = ()
) -> Findings:
    """Find every object with the stack's label, of every kind the server serves.

    Kinds that may not be listed in the whole cluster are looked for in the namespaces.
    """
    return labelled(connection, listable(connection), stack.selector, pool, namespaces)


def labelled(
    connection: Connection,
    kinds: Sequence[ApiResource],
    labels: str,
    pool: Executor,
    namespaces: Iterable[str] = (),
) -> Findings:
    """Find the objects of some kinds that a selector of labels chooses."""
    spaces = frozenset(namespaces)
    answers = pool.map(lambda each: _everywhere(connection, each, spaces, labels), kinds)
    return _findings(zip(kinds, answers, strict=True))


def listable(connection: Connection) -> list[ApiResource]:
    """Return one version of each kind that can be listed and deleted and is more than a note."""
    found: dict[tuple[str, str], ApiResource] = {}
    for each in connection.discovery.all():
        if {"list", "delete"} <= set(each.verbs) and each.kind not in BOOKKEEPING:
            found.setdefault((each.group, each.kind), each)
    return list(found.values())


def _name(resource: ApiResource) -> str:
    """Name a kind as permissions and definitions do: `tfjobs.kubeflow.org`."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _findings(seen: Iterable[tuple[ApiResource, Seen]]) -> Findings:
    objects: dict[Ref, Manifest] = {}
    hidden: dict[str, list[str]] = {}
    for resource, each in seen:
        objects |= _by_ref(resource, each.items)
        for namespace in each.hidden:
            hidden.setdefault(namespace, []).append(_name(resource))
    return Findings(objects, {namespace: tuple(kinds) for namespace, kinds in hidden.items()})


def _page(connection: Connection, resource: ApiResource) -> dict[Ref, Manifest] | None:
    """List a kind in all namespaces; None where that is too much, or denied."""
    try:
        listing = connection.client.page(resource.path(), metadata_only=True)
    except (Forbidden, Rejected):
        return None
    return _by_ref(resource, listing.items) if listing.complete else None


def _everywhere(
    connection: Connection,
    resource: ApiResource,
    namespaces: Iterable[str] = (),
    labels: str = "",
) -> Seen:
    ask = partial(scoped_list.everywhere, connection.client, resource, namespaces, labels=labels)
    return _listed(connection, resource, ask, (scoped_list.EVERYWHERE,))


def _within(connection: Connection, resource: ApiResource, namespace: str) -> Seen:
    ask = partial(scoped_list.within, connection.client, resource, [namespace])
    return _listed(connection, resource, ask, (namespace,))


def _listed(
    connection: Connection,
    resource: ApiResource,
    ask: Callable[[], Seen],
    where: Iterable[str],
) -> Seen:
    """List a kind; one that is not served is hidden, unless its definition is gone."""
    try:
        return ask()
    except NotServed:
        gone = definition_gone(connection.client, resource)
        return Seen() if gone else Seen(hidden=frozenset(where))
    except Rejected as error:
        if error.status == 405:  # listed in discovery, but not by its server
            return Seen()
        raise


def _by_ref(resource: ApiResource, items: Iterable[Manifest]) -> dict[Ref, Manifest]:
    return {resource.ref(item): item for item in items}
