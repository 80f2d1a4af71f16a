"""The errors for a stack that has no record here: it is not here, or its record is lost.

A record that is there and cannot be read is a matter of `releases`.
"""

from collections.abc import Iterable, Sequence

from stackctl.api.client import Client
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import recovery, releases
from stackctl.cluster.workers import workers
from stackctl.errors import AccessDenied, ConflictError, ReleaseError, StackError
from stackctl.model.objects.kinds import Phase, phase_of
from stackctl.model.objects.refs import STACK_LABEL, Ref, labels_of, namespace_ref
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.stack_id import StackId

NAMED = 3
DEPLOY = "stackctl deploy --profile NAME"
RECORD_ANEW = (
    "deploy its profile once more: what is there is recognised, and recorded anew; "
    "or take it out: stackctl teardown --stack {}"
)


def absent(connection: Connection, stack: StackId) -> ReleaseError:
    """Return the error for a stack that is not here, or of which only the record is missing."""
    if left := _marked(connection.client, stack.selector).get(stack.label):
        return lost(connection, stack, left)
    with workers(connection.stop) as pool:
        left = sorted(recovery.owned(connection, stack, pool))
    if left:
        return lost(connection, stack, left)
    known = ", ".join(map(str, _visible(connection.client, stack))) or "none"
    return ReleaseError(
        f"stack {stack}: not on {connection.info.context} (there: {known})", hint=DEPLOY
    )


def none_readable(connection: Connection, stack: StackId) -> StackError:
    """Return the error where no revision can be read: why the newest cannot, or that none is."""
    try:
        releases.current(connection.client, stack)
    except (ReleaseError, ConflictError) as error:
        return error
    return absent(connection, stack)


def _visible(client: Client, stack: StackId) -> Iterable[StackId]:
    """Name the stacks recorded on the cluster, or in the namespace where we may look."""
    try:
        return releases.places(client)
    except AccessDenied:
        return releases.places(client, stack.namespace)


def none_recorded(connection: Connection) -> ReleaseError:
    """Return the error for a cluster with no stack, or with one whose record is missing."""
    none = ReleaseError(f"no stack on {connection.info.context}", hint=DEPLOY)
    return record_lost(connection) or none


def record_lost(connection: Connection) -> ReleaseError | None:
    """Return the error for a stack whose record is missing, where namespaces tell of one."""
    for label, left in _marked(connection.client, STACK_LABEL).items():
        return lost(connection, StackId.labelled(label), left)
    return None


def lost(connection: Connection, stack: StackId, left: Sequence[Ref]) -> ReleaseError:
    """Return the error for a stack whose objects are here, and whose record is not."""
    return ReleaseError(
        f"stack {stack}: no record on {connection.info.context}, but objects with its label: "
        f"{first_few(left, NAMED)}",
        hint=_remedy(stack, left),
    )


def _remedy(stack: StackId, left: Sequence[Ref]) -> str:
    # A teardown with --keep-crds leaves nothing else, and that is no reason to deploy again.
    if all(phase_of((ref.group, ref.kind)) is Phase.DEFINITIONS for ref in left):
        return f"kubectl delete crd -l {stack.selector}, and everything made with them goes"
    return RECORD_ANEW.format(stack)


def _marked(client: Client, labels: str) -> dict[str, list[Ref]]:
    """Find the namespaces of each stack; who may not list them sees none."""
    found: dict[str, list[Ref]] = {}
    try:
        items = client.list("/api/v1/namespaces", labels=labels, metadata_only=True).items
    except AccessDenied:
        return found
    for item in items:
        ref = namespace_ref(item["metadata"]["name"])
        found.setdefault(labels_of(item)[STACK_LABEL], []).append(ref)
    return found
