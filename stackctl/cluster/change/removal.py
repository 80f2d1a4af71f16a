"""Take objects off the cluster, in order, and wait until they are gone.

Serves prune and teardown alike. What may go was decided by `model.removal` and the user.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.wait.targets import Target
from stackctl.errors import (
    ApplyError,
    ConflictError,
    Interrupted,
    LockedError,
    NotServed,
    StackError,
    StaleWrite,
)
from stackctl.model.objects.refs import STACK_LABEL, Manifest, Ref, labels_of
from stackctl.model.plan.plan import Action
from stackctl.model.plan.removal import RemovalBatch, RemovalPhase
from stackctl.model.readiness.finalizers import controllers_of
from stackctl.model.run.events import ComponentProgress, ComponentState, ObjectDone

ATTEMPTS = 20  # controllers write to what loses its parts


class Removal:
    """The objects to take away, with what is known of each, and how far it came."""

    def __init__(self, live: Mapping[Ref, Manifest], components: Mapping[Ref, str]) -> None:
        self.live = live
        self.controllers = controllers_of(components)  # API group → who answers finalizers
        self._components = components
        self._totals = Counter(self.component(ref) for ref in live)
        self._gone: Counter[str] = Counter()
        self.going: set[Ref] = set()  # deleted, and not gone by the time of the answer

    def component(self, ref: Ref) -> str:
        """Name the component an object belongs to; empty for what belongs to none."""
        return self._components.get(ref, "")

    def held(self, refs: Iterable[Ref]) -> bool:
        """Tell whether finalizers hold any of the objects."""
        return any(self.live[ref]["metadata"].get("finalizers") for ref in refs)

    def took(self, refs: Sequence[Ref]) -> None:
        """Count objects that are gone."""
        self._gone.update(self.component(ref) for ref in refs)

    def progress(self, refs: Sequence[Ref], waiting_for: str = "") -> Iterator[ComponentProgress]:
        """Yield how far each of the objects' components is."""
        for name in sorted({self.component(ref) for ref in refs} - {""}):
            gone, total = self._gone[name], self._totals[name]
            state = ComponentState.REMOVED if gone == total else ComponentState.REMOVING
            yield ComponentProgress(name, state, gone, total, waiting_for)


def remove(
    session: Session,
    removal: Removal,
    batches: Iterable[RemovalBatch],
    accepted: Callable[[], Sequence[Target]] = tuple,
) -> list[Target]:
    """Delete batch by batch; the next one begins when everything of the last is gone.

    Once all of a batch but what is inside its namespaces is going, and nothing inside is held by
    finalizers, `accepted` is called and says what else to wait for; that is returned.

    Raises:
        ApplyError: deletes were refused, or objects were still there at the deadline; each is
            named, with the finalizers that hold it.
    """
    others: list[Target] = []
    for batch in batches:
        if session.abandoned.is_set():
            raise Interrupted("interrupted before everything was removed")
        _delete_all(session, removal, batch.early)
        inside = batch.inside
        left = _delete_all(session, removal, [ref for ref in batch.refs if ref not in inside])
        also = () if removal.held(inside) else accepted()
        others += also
        left = _delete_all(session, removal, inside) + left
        session.observer.wait_gone(
            [*(target_of(session.connection, ref, removal.live[ref]) for ref in left), *also],
            deadline=session.deadline,
            progress=_progress(session, removal, batch.refs),
            stop=session.abandoned,
            controllers=removal.controllers,
        )
        removal.took(batch.refs)
        for event in removal.progress(batch.refs):
            session.notify(event)
        if batch.phase is RemovalPhase.DEFINITIONS:
            session.connection.discovery.refresh()
    return others


def _delete_all(session: Session, removal: Removal, refs: Sequence[Ref]) -> list[Ref]:
    """Delete objects, each once; return those that are not gone by the time of the answer."""

    def delete(ref: Ref) -> StackError | bool:
        if ref in removal.going:
            return False
        try:
            session.begin(ref)
            gone = delete_one(session.connection, ref, removal.live[ref])
        except StackError as error:
            return error
        session.notify(ObjectDone(removal.component(ref), ref, Action.PRUNE))
        return gone

    answers = dict(zip(refs, session.pool.map(delete, refs), strict=True))
    failed = [answer for answer in answers.values() if isinstance(answer, StackError)]
    for error in failed:
        if isinstance(error, Interrupted | LockedError):
            raise error
    if failed:
        raise ApplyError("\n".join(str(error) for error in failed), hint=failed[0].hint)
    left = [ref for ref, gone in answers.items() if not gone]
    removal.going.update(left)
    return left


def delete_one(connection: Connection, ref: Ref, live: Manifest) -> bool:
    """Delete one object if it is still the one that was seen; True when it is gone already."""
    resource = connection.discovery.address(ref.group, ref.kind)
    if resource is None:
        return False  # whoever waits for its end will see, or say that it cannot be seen
    client, path = connection.client, resource.path(ref.namespace, ref.name)
    seen: Manifest | None = live
    for _ in range(ATTEMPTS):
        if seen is None or seen["metadata"].get("uid") != live["metadata"].get("uid"):
            return True
        if labels_of(seen).get(STACK_LABEL) != labels_of(live).get(STACK_LABEL):
            break
        metadata = seen["metadata"]
        try:
            return client.remove(path, uid=metadata["uid"], version=metadata["resourceVersion"])
        except NotServed:
            return False
        except StaleWrite:  # so that a request that comes late hits nothing that was kept since
            seen = client.get(path, metadata_only=True)
    raise ConflictError(
        f"{ref}: not deleted, somebody writes to it",
        hint=f"see who: kubectl get --show-managed-fields -o yaml {ref.kind} {ref.name}",
    )


def target_of(connection: Connection, ref: Ref, live: Manifest) -> Target:
    """Name an object whose end is waited for."""
    resource = connection.discovery.find(ref.group, ref.kind)
    return Target(ref, resource.version if resource else "", live["metadata"].get("uid", ""))


def _progress(
    session: Session, removal: Removal, refs: Sequence[Ref]
) -> Callable[[int, int, str], None]:
    def progress(_gone: int, _total: int, waiting_for: str) -> None:
        if waiting_for:
            for event in removal.progress(refs, waiting_for):
                session.notify(event)

    return progress
