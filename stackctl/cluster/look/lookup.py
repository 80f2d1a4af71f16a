"""Finds the metadata of objects that are known by name, with as few requests as will do.

What an object would become is for `prediction`, what follows from it for `snapshot`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import scoped_list
from stackctl.cluster.look.unseen import definition_gone
from stackctl.errors import Forbidden, NotServed
from stackctl.model.objects.kinds import NAMESPACE, GroupKind
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId

# From this many objects of one kind in one namespace, a LIST is cheaper than the GETs.
LIST_FROM = 6


Choose = Callable[[GroupKind], bool]
_Place = tuple[ApiResource, str]  # a kind, and the namespace or none


def find(
    connection: Connection,
    stack: StackId,
    refs: Sequence[Ref],
    pool: Executor,
    *,
    whole: Choose = lambda _: False,
) -> dict[Ref, Manifest]:
    """Find the metadata of objects that are there, labelled as ours or not.

    Of the kinds that are to be had `whole` it is the objects themselves, as far as they are
    labelled; `is_whole` tells.
    """
    found = _all_labelled(connection, stack, refs, pool, whole)
    return found | _by_name(connection, [ref for ref in refs if ref not in found], found, pool)


def is_whole(found: Manifest, kind: str) -> bool:
    """Tell an object from its metadata alone, which the server gives a kind of its own."""
    return bool(found.get("kind") == kind)


def _all_labelled(
    connection: Connection,
    stack: StackId,
    refs: Iterable[Ref],
    pool: Executor,
    whole: Choose,
) -> dict[Ref, Manifest]:
    """Find the metadata of every object that carries the stack's label, of the kinds named.

    With few rights, it is that of the objects named.
    """
    kinds: dict[GroupKind, list[Ref]] = defaultdict(list)
    for ref in refs:
        kinds[ref.group, ref.kind].append(ref)
    served = [(found, kinds[kind]) for kind in kinds if (found := connection.discovery.find(*kind))]
    client, labels = connection.client, stack.selector
    listings = pool.map(
        lambda each: _labelled(
            client, each[0], each[1], labels, metadata_only=not whole(each[0].group_kind)
        ),
        served,
    )
    return {
        resource.ref(item): item
        for (resource, _), items in zip(served, listings, strict=True)
        for item in items
    }


def read(connection: Connection, refs: Sequence[Ref], pool: Executor) -> dict[Ref, Manifest]:
    """Read the metadata of objects; those that are gone are left out."""
    return _by_name(connection, refs, {}, pool)


def _labelled(
    client: Client,
    resource: ApiResource,
    refs: Sequence[Ref],
    labels: str,
    *,
    metadata_only: bool,
) -> Sequence[Manifest]:
    look = partial(scoped_list.find, labels=labels, metadata_only=metadata_only)
    try:
        return look(client, resource, refs).items
    except NotServed:
        if not definition_gone(client, resource):
            raise
        return ()  # the kind went away between discovery and now


def _by_name(
    connection: Connection, refs: Sequence[Ref], found: Mapping[Ref, Manifest], pool: Executor
) -> dict[Ref, Manifest]:
    """Read objects by their names, where the namespace may exist; `found` is known to be there."""
    groups: dict[_Place, list[Ref]] = defaultdict(list)
    for ref in refs:
        if resource := connection.discovery.find(ref.group, ref.kind):
            groups[resource, ref.namespace].append(ref)
    client = connection.client

    def ask(places: Iterable[_Place]) -> Iterator[dict[Ref, Manifest]]:
        return pool.map(
            lambda place: _in_one_place(client, place[0], place[1], groups[place]), places
        )

    # Namespaces that are asked for themselves, which the others wait for, are asked for once.
    asking = ask([place for place in groups if not place[1]])
    own = {ref.name for ref in refs if (ref.group, ref.kind) == NAMESPACE}
    spaces = _namespaces(connection, {space for _, space in groups if space} - own, found, pool)
    there = {ref: each for answer in asking for ref, each in answer.items()}
    spaces |= {ref.name for ref in there if (ref.group, ref.kind) == NAMESPACE}
    more = ask([place for place in groups if place[1] in spaces])
    return there | {ref: each for answer in more for ref, each in answer.items()}


def _namespaces(
    connection: Connection, names: Iterable[str], found: Mapping[Ref, Manifest], pool: Executor
) -> set[str]:
    """Return the namespaces that may exist: nothing needs to be looked for in the others."""
    client = connection.client
    known = {ref.name for ref in found if ref.kind == "Namespace"}
    unknown = [name for name in names if name not in known]
    if len(unknown) >= LIST_FROM:
        with suppress(Forbidden):
            listing = client.list("/api/v1/namespaces", metadata_only=True)
            return {item["metadata"]["name"] for item in listing.items}
    answers = pool.map(lambda name: scoped_list.may_exist(client, name), unknown)
    return known | {name for name, there in zip(unknown, answers, strict=True) if there}


def _in_one_place(
    client: Client, resource: ApiResource, namespace: str, refs: Sequence[Ref]
) -> dict[Ref, Manifest]:
    try:
        if len(refs) >= LIST_FROM:
            with suppress(Forbidden):
                wanted = set(refs)
                items = client.list(resource.path(namespace), metadata_only=True).items
                return {ref: item for item in items if (ref := resource.ref(item)) in wanted}
        answers = {
            ref: client.get(resource.path(namespace, ref.name), metadata_only=True) for ref in refs
        }
    except NotServed:
        if not definition_gone(client, resource):
            raise
        return {}  # the kind went away between discovery and now
    return {ref: manifest for ref, manifest in answers.items() if manifest is not None}
