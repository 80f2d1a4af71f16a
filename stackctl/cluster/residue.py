"""What a teardown left behind: found by asking for every kind, never assumed.

Also removes what operators made by themselves and nobody else would.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

from stackctl.api.client import Client
from stackctl.cluster import releases, snapshot, survey
from stackctl.cluster.connection import Connection
from stackctl.cluster.gone import Departure
from stackctl.cluster.lock import RECORD_LABEL, held_at_all
from stackctl.cluster.removal import Removal, delete_one, remove, target_of
from stackctl.cluster.session import Session
from stackctl.cluster.targets import Target
from stackctl.model.objects import FIELD_MANAGER, MANAGED_BY, RECORD_NAMESPACE, Ref, labels_of
from stackctl.model.outcome import Residue
from stackctl.model.removal import Kept, Phase, foreign, marks

RECORD = Ref("", "Namespace", "", RECORD_NAMESPACE)


def scan(
    connection: Connection,
    pool: Executor,
    stack: str,
    gone: Sequence[Ref] = (),
    kept: Iterable[Kept] = (),
) -> tuple[Residue, ...]:
    """Look for anything with the stack's label, and for whatever was to be deleted."""
    connection.discovery.refresh()
    stays = {each.ref for each in kept}
    found = survey.labelled_everywhere(connection, stack, pool)
    found |= snapshot.read(connection, [ref for ref in gone if ref not in found], pool)
    return tuple(
        Residue(ref, _why(item["metadata"])) for ref, item in found.items() if ref not in stays
    )


def _why(metadata: dict[str, object]) -> str:
    finalizers = metadata.get("finalizers")
    if metadata.get("deletionTimestamp") and isinstance(finalizers, list):
        return f"terminating, held by {', '.join(map(str, finalizers))}"
    return "terminating" if metadata.get("deletionTimestamp") else "still there"


def remove_leftovers(session: Session, patterns: Sequence[Ref]) -> None:
    """Delete what operators made by themselves, named exactly; patterns only excuse."""
    named = [ref for ref in patterns if "*" not in (ref.name, ref.namespace)]
    live = snapshot.read(session.connection, named, session.pool)
    remove(session, Removal(live, {}, "deleted"), [(Phase.REST, tuple(live))])


def clean_nodes(session: Session, managers: Sequence[str]) -> None:
    """Take off nodes what programs of the stack wrote there; their values mean nothing now."""
    if not managers:
        return
    client, path = session.connection.client, "/api/v1/nodes"
    for node in client.list(path, metadata_only=True).items:
        if patch := marks(node, managers):
            client.patch(f"{path}/{node['metadata']['name']}", patch)


def remove_record_namespace(
    connection: Connection, pool: Executor, deadline: float, now: Callable[[], float]
) -> None:
    """Delete the namespace of the records if it was ours and nothing is left in it."""
    if record := dismiss_record(connection, pool):
        await_gone(connection, [record], deadline, now)


def dismiss_record(connection: Connection, pool: Executor, stack: str = "") -> Target | None:
    """Begin to delete the namespace of the records, if a stack's is all that is left in it."""
    live = connection.client.get(releases.NAMESPACE, metadata_only=True)
    if live is None or labels_of(live).get(MANAGED_BY) != FIELD_MANAGER:
        return None
    if held_at_all(connection.client, but=stack):
        return None  # somebody is about to record something in it
    content = survey.content_of(connection, [RECORD_NAMESPACE], pool)
    others = (ref for ref, item in content.items() if labels_of(item).get(RECORD_LABEL) != stack)
    if any(foreign(content[ref], ref, "", ()) for ref in others):
        return None
    delete_one(connection, RECORD, live)
    return Target(RECORD, "v1", live["metadata"]["uid"])


def record_leaves(client: Client) -> bool:
    """Tell whether the namespace of the records is being deleted: all else was, before it."""
    live = client.get(releases.NAMESPACE, metadata_only=True)
    return live is not None and "deletionTimestamp" in live["metadata"]


def await_departure(
    connection: Connection,
    stack: str,
    pool: Executor,
    deadline: float,
    now: Callable[[], float],
) -> bool:
    """Wait for what is being deleted of a stack; tell whether there is anything of it at all."""
    found = survey.labelled_everywhere(connection, stack, pool)
    going = [
        target_of(connection, ref, item)
        for ref, item in found.items()
        if "deletionTimestamp" in item["metadata"]
    ]
    await_gone(connection, going, deadline, now)
    return bool(found)


def await_gone(
    connection: Connection, targets: Sequence[Target], deadline: float, now: Callable[[], float]
) -> None:
    """Wait for what was deleted.

    Raises:
        ApplyError: it is still there at the deadline.
    """
    Departure(connection.client, connection.discovery, now).wait(
        targets, deadline=deadline, progress=lambda *_: None, stop=connection.stop
    )
