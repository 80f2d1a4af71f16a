"""Refuses records that name more than whoever can write them holds.

What that is is said by `model.reach`; here the cluster is asked which namespaces a tenant holds.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from stackctl.api.client import Client
from stackctl.errors import ConflictError, Forbidden
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import RECORD_NAMESPACE, Manifest, labels_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.reach import HELD_BY, Named, beyond, named_by_bundle, named_by_release
from stackctl.model.release.release import Release

_NAMED = 5
_HINT = (
    "who can write that record could make anybody do this; what is in no namespace is recorded "
    f"with --record-namespace {RECORD_NAMESPACE}, another namespace is lent to it by "
    f"`kubectl label namespace NAME {HELD_BY}={{0.namespace}}`"
)


def require_release(client: Client, release: Release) -> None:
    """Refuse an inventory with what a tenant's record may not name.

    Raises:
        ConflictError: everything of it is named.
    """
    stack = release.stack
    what = f"revision {release.revision}"
    _require(client, stack, what, () if stack.administrators else named_by_release(release))


def require_bundle(client: Client, stack: StackId, bundle: Bundle) -> None:
    """Refuse a bundle with what a tenant's record may not name.

    Raises:
        ConflictError: everything of it is named.
    """
    what = f"profile {bundle.profile}"
    _require(client, stack, what, () if stack.administrators else named_by_bundle(bundle))


def _require(client: Client, stack: StackId, what: str, named: Iterable[Named]) -> None:
    names = tuple(named)
    others = {each.space for each in names} - {stack.namespace}
    written = {each.space for each in names if each.is_namespace and each.manifest}
    lives = _namespaces(client, others | written)
    held = {stack.namespace} | {
        name for name, live in lives.items() if labels_of(live).get(HELD_BY) == stack.namespace
    }
    lines = [f"  {line}" for line in beyond(names, held, lives)]
    if lines:
        rest = len(lines) - _NAMED
        more = [f"  and {rest} more"] if rest > 0 else []
        what = f"stack {stack}: {what} is not for a record in {stack.namespace}:"
        raise ConflictError("\n".join([what, *lines[:_NAMED], *more]), hint=_HINT.format(stack))


def _namespaces(client: Client, names: AbstractSet[str]) -> dict[str, Manifest]:
    """Read namespaces; one that we may not see is not known to be held."""
    found = {}
    for name in sorted(names - {""}):
        try:
            live = client.get(f"/api/v1/namespaces/{name}")
        except Forbidden:
            continue
        if live is not None:
            found[name] = live
    return found
