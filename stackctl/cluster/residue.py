"""What a teardown left behind: found by asking for every kind, never assumed.

Also removes what operators made by themselves and nobody else would.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

from stackctl.cluster import releases, snapshot, survey
from stackctl.cluster.connection import Connection
from stackctl.cluster.gone import Departure
from stackctl.cluster.lock import held_at_all
from stackctl.cluster.removal import Removal, delete_one, remove
from stackctl.cluster.session import Session
from stackctl.cluster.targets import Target
from stackctl.model.objects import FIELD_MANAGER, MANAGED_BY, RECORD_NAMESPACE, Ref, labels_of
from stackctl.model.outcome import Residue
from stackctl.model.removal import Kept, Phase, foreign, marks

RECORD = Ref("", "Namespace", "", RECORD_NAMESPACE)


def scan(
    session: Session, stack: str, gone: Sequence[Ref], kept: Iterable[Kept]
) -> tuple[Residue, ...]:
    """Look for anything with the stack's label, and for whatever was to be deleted."""
    connection, pool = session.connection, session.pool
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
    live = connection.client.get(releases.NAMESPACE, metadata_only=True)
    if live is None or labels_of(live).get(MANAGED_BY) != FIELD_MANAGER:
        return
    if held_at_all(connection.client):
        return  # somebody is about to record something in it
    content = survey.content_of(connection, [RECORD_NAMESPACE], pool)
    if any(foreign(item, ref, "", ()) for ref, item in content.items()):
        return
    delete_one(connection, RECORD, live)
    Departure(connection.client, connection.discovery, now).wait(
        [Target(RECORD, "v1", live["metadata"]["uid"])],
        deadline=deadline,
        progress=lambda *_: None,
        stop=connection.stop,
    )
