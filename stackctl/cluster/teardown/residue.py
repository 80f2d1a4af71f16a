"""What a teardown left behind: found by asking for every kind, never assumed.

Also removes what operators made by themselves and nobody else would.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.cluster.change.removal import Removal, delete_one, remove, target_of
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import RunContext
from stackctl.cluster.look import lookup, removal_impact
from stackctl.cluster.look.scoped_list import EVERYWHERE
from stackctl.cluster.look.unseen import unlisted, unseen
from stackctl.cluster.record.indexes import repair_hint
from stackctl.cluster.record.lock import RECORD_LABEL, held_at_all
from stackctl.cluster.wait.deletion import Deletion
from stackctl.cluster.wait.targets import Target
from stackctl.errors import Forbidden, StaleWrite
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    RECORD_NAMESPACE,
    Manifest,
    Ref,
    labels_of,
    namespace_ref,
)
from stackctl.model.ownership.ownership import written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.node_marks import (
    noted_taints,
    unmarking_patch,
    untainting_patch,
    withdrawing_patch,
)
from stackctl.model.plan.removal import (
    KeptObject,
    RemovalBatch,
    RemovalPhase,
    cannot_list,
    foreign,
)
from stackctl.model.run.events import Notice
from stackctl.model.run.outcome import Residue

RECORD = namespace_ref(RECORD_NAMESPACE)


@dataclass(frozen=True, slots=True)
class Scan:
    """What is left of a stack, and where it could not be looked for."""

    found: tuple[Residue, ...]
    unseen: tuple[str, ...] = ()
    copies: tuple[
        Residue, ...
    ] = ()  # with the stack's label, and somebody else's: labels get copied


def scan(
    connection: Connection,
    pool: Executor,
    stack: StackId,
    gone: Sequence[Ref] = (),
    kept: Iterable[KeptObject] = (),
) -> Scan:
    """Look for anything with the stack's label, and for whatever was to be deleted."""
    connection.discovery.refresh()
    stays = {each.ref for each in kept}
    spaces = {ref.namespace for ref in (*gone, *stays) if ref.namespace}
    labelled = removal_impact.labelled_everywhere(connection, stack, pool, spaces)
    found = dict(labelled.objects)
    found |= lookup.read(connection, [ref for ref in gone if ref not in found], pool)
    asked = set(gone)
    left, copies = [], []
    for ref, item in found.items():
        if ref not in asked and not written_by(item, stack):
            copies.append(Residue(ref, "has the stack's label, and was not made by it"))
        elif ref not in stays:
            left.append(Residue(ref, _why(item["metadata"], stack, known=ref in asked)))
    client, discovery = connection.client, connection.discovery
    doubts = unseen(client, discovery, [ref for ref in gone if ref not in found])
    left += [Residue(ref, f"not looked at: {why}") for ref, why in doubts.items()]
    hidden = (*_unseen(labelled.hidden, sorted(spaces)), *unlisted(client, discovery))
    return Scan(tuple(left), hidden, tuple(copies))


def _unseen(hidden: Mapping[str, Sequence[str]], namespaces: Sequence[str]) -> Iterator[str]:
    """Yield where residue could not be looked for, and which permissions that would take."""
    if elsewhere := hidden.get(EVERYWHERE):
        where = f"outside {', '.join(namespaces)}" if namespaces else "in any namespace"
        yield f"{where}: {cannot_list(elsewhere)} in the whole cluster"
    for namespace in namespaces:
        if kinds := hidden.get(namespace):
            yield f"in {namespace}: {cannot_list(kinds)}"


def _why(metadata: dict[str, object], stack: StackId, *, known: bool) -> str:
    finalizers = metadata.get("finalizers")
    if metadata.get("deletionTimestamp") and isinstance(finalizers, list):
        return f"terminating, held by {', '.join(map(str, finalizers))}"
    if metadata.get("deletionTimestamp"):
        return "terminating"
    # The next teardown goes by what is on record, too.
    return "still there" if known else f"still there, and not on record: {repair_hint(stack)}"


def remove_leftovers(session: Session, patterns: Sequence[Ref]) -> None:
    """Delete what operators made by themselves, named exactly; patterns only excuse."""
    named = [ref for ref in patterns if "*" not in (ref.name, ref.namespace)]
    live = lookup.read(session.connection, named, session.pool)
    remove(session, Removal(live, {}), [RemovalBatch(RemovalPhase.REST, tuple(live))])


def clean_nodes(session: Session, managers: Sequence[str]) -> None:
    """Take off nodes what programs of the stack wrote there; their values mean nothing now."""
    if not managers:
        return
    client, path = session.connection.client, "/api/v1/nodes"
    try:
        for node in client.list(path, metadata_only=True).items:
            _clean_node(client, f"{path}/{node['metadata']['name']}", node, managers)
    except Forbidden as refusal:
        written = f"what {', '.join(managers)} wrote on nodes stays there"
        session.notify(Notice(f"{refusal}; {written}"))


def _clean_node(client: Client, path: str, node: Manifest, managers: Sequence[str]) -> None:
    if noted := noted_taints(node, managers):  # before the annotation that notes them
        _remove_taints(client, path, noted)
    if patch := unmarking_patch(node, managers):
        client.patch(path, patch)
    if patch := withdrawing_patch(node, managers):
        client.patch(f"{path}/status", patch)


def _remove_taints(client: Client, path: str, noted: Container[str]) -> None:
    """Take taints off a node; read again when others change it at the same time."""
    while (live := client.get(path)) and (patch := untainting_patch(live, noted)):
        with suppress(StaleWrite):
            client.patch(path, patch)


def remove_record_namespace(run: RunContext, stack: StackId, deadline: float) -> None:
    """Delete the administrators' namespace of records if it was ours and nothing is left in it."""
    if stack.administrators and (record := dismiss_record(run.connection, run.pool)):
        _await_gone(run, [record], deadline)


def dismiss_record(
    connection: Connection, pool: Executor, stack: StackId | None = None
) -> Target | None:
    """Begin to delete the administrators' records, if a stack's is all that is left of them.

    Who may not see that, or may not delete it, leaves it to those who may. A tenant's namespace
    was there before any record in it, and stays.
    """
    if stack is not None and not stack.administrators:
        return None
    with suppress(Forbidden):
        return _dismiss_record(connection, pool, stack)
    return None


def _dismiss_record(connection: Connection, pool: Executor, stack: StackId | None) -> Target | None:
    live = _namespace(connection.client, RECORD_NAMESPACE)
    if live is None or labels_of(live).get(MANAGED_BY) != FIELD_MANAGER:
        return None
    if held_at_all(connection.client, but=stack):
        return None  # somebody is about to record something in it
    inside = removal_impact.content_of(connection, [RECORD_NAMESPACE], pool)
    content, name = inside.objects, stack.name if stack else ""
    others = (ref for ref, item in content.items() if labels_of(item).get(RECORD_LABEL) != name)
    if inside.hidden or any(foreign(content[ref], ref, None, ()) for ref in others):
        return None
    delete_one(connection, RECORD, live)
    return Target(RECORD, "v1", live["metadata"]["uid"])


def record_leaves(client: Client, stack: StackId) -> bool:
    """Tell whether the namespace of a record is being deleted: all else was, before it."""
    live = _namespace(client, stack.namespace)
    return live is not None and "deletionTimestamp" in live["metadata"]


def _namespace(client: Client, name: str) -> Manifest | None:
    """Read the namespace of a record; with few rights it is nothing we could delete."""
    try:
        return client.get(f"/api/v1/namespaces/{name}", metadata_only=True)
    except Forbidden:
        return None


def await_going(run: RunContext, stack: StackId, deadline: float) -> tuple[bool, list[Ref]]:
    """Wait for what is being deleted of a stack; tell whether anything was, and what stays."""
    found = removal_impact.labelled_everywhere(run.connection, stack, run.pool).objects
    going = {ref: item for ref, item in found.items() if "deletionTimestamp" in item["metadata"]}
    targets = [target_of(run.connection, ref, item) for ref, item in going.items()]
    _await_gone(run, targets, deadline)
    return bool(going), [ref for ref in found if ref not in going]


def _await_gone(run: RunContext, targets: Sequence[Target], deadline: float) -> None:
    """Wait for what was deleted.

    Raises:
        ApplyError: it is still there at the deadline.
    """
    Deletion(run.client, run.connection.discovery, run.now).wait(
        targets, deadline=deadline, progress=lambda *_: None, stop=run.stop
    )
