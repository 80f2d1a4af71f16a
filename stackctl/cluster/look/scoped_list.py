"""Finds objects with the rights there are: in the whole cluster, else by namespace, else by name.

The first is one request for a kind, the others are for people who may not make it. What may not
be looked at is never taken for absent: it is named, or the refusal is raised. What follows from
what was found is for those who ask.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.errors import Forbidden
from stackctl.model.objects.refs import Manifest, Ref

EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The objects of a kind, as far as we may see them."""

    items: Sequence[Manifest] = ()
    hidden: frozenset[str] = frozenset()  # namespaces that may not be looked into; EVERYWHERE else


def find(
    client: Client,
    resource: ApiResource,
    refs: Iterable[Ref],
    *,
    labels: str = "",
    metadata_only: bool = True,
) -> Seen:
    """Find objects of one kind that are known by name; with few rights by little more than that.

    Raises:
        Forbidden: one of them may not even be read by its name.
    """
    wanted = tuple(refs)
    spaces = {ref.namespace for ref in wanted}
    seen = everywhere(client, resource, spaces, labels=labels, metadata_only=metadata_only)
    unseen = [ref for ref in wanted if ref.namespace in seen.hidden]
    paths = [resource.path(ref.namespace, ref.name) for ref in unseen]
    read = (client.get(path, metadata_only=metadata_only) for path in paths)
    return Seen([*seen.items, *(each for each in read if each is not None)])


def everywhere(
    client: Client,
    resource: ApiResource,
    namespaces: Iterable[str],
    *,
    labels: str = "",
    metadata_only: bool = True,
) -> Seen:
    """List a kind in the whole cluster; where that is denied, in the namespaces."""
    try:
        return Seen(client.list(resource.path(), labels=labels, metadata_only=metadata_only).items)
    except Forbidden:
        spaces = set(namespaces) - {EVERYWHERE} if resource.namespaced else ()
    seen = within(client, resource, spaces, labels=labels, metadata_only=metadata_only)
    return Seen(seen.items, seen.hidden | {EVERYWHERE})


def within(
    client: Client,
    resource: ApiResource,
    namespaces: Iterable[str],
    *,
    labels: str = "",
    metadata_only: bool = True,
) -> Seen:
    """List a kind in some namespaces."""
    items: list[Manifest] = []
    hidden = set()
    for space in sorted(namespaces):
        path = resource.path(space)
        try:
            items += client.list(path, labels=labels, metadata_only=metadata_only).items
        except Forbidden:
            hidden.add(space)
    return Seen(items, frozenset(hidden))


def may_exist(client: Client, namespace: str) -> bool:
    """Tell whether a namespace is there; True as well where we may not know.

    What is asked of it next will be answered, or refused by name.
    """
    try:
        return client.get(f"/api/v1/namespaces/{namespace}", metadata_only=True) is not None
    except Forbidden:
        return True
