"""Look after the record of a stack: say what is damaged, and put in order what can be."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from stackctl import __version__
from stackctl.api.client import Client
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import damage, indexes, recording, recovery, releases
from stackctl.cluster.record.lock import Claim, locked
from stackctl.cluster.record.missing_record import absent
from stackctl.cluster.record.releases import Recorded
from stackctl.cluster.workers import workers
from stackctl.errors import ReleaseError, StackError
from stackctl.model.objects.wording import counted
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import written_off
from stackctl.model.run.events import Notify, Step
from stackctl.model.run.outcome import RecordCheck

REPAIR_SECONDS = 120.0  # once it is agreed to

# What is wrong, and what would be done about it.
AgreeRepair = Callable[[Sequence[StackError], Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class _Mending:
    """What is to be done about a record."""

    made: Recorded | None  # the newest revision, where it had to be made anew
    damaged: Sequence[int]  # revisions that cannot be read
    spoilt: Collection[str]  # shards that are there in part
    lost: Mapping[int, Collection[str]]  # components of revisions of which nothing is left


def check(stack: StackId, connection: Connection) -> RecordCheck:
    """Read everything of a record.

    Raises:
        LaterFormat: a later stackctl has written it.
    """
    if not (found := _faults(connection, stack)) and not releases.latest(connection.client, stack):
        raise absent(connection, stack)
    return RecordCheck(connection.info, stack, found)


def _faults(connection: Connection, stack: StackId) -> tuple[StackError, ...]:
    """Find what is wrong with a record, and what it misses where it can be read."""
    found = tuple(damage.faults(connection.client, stack))
    if damage.damaged(connection.client, stack):
        return found
    recorded = releases.current(connection.client, stack)
    if recorded is None:
        return found
    with workers(connection.stop) as pool:
        left = recovery.unnamed(connection, stack, recorded, pool)
    return (*found, left) if left else found


def repair(
    stack: StackId, connection: Connection, *, agree: AgreeRepair, claim: Claim, notify: Notify
) -> RecordCheck:
    """Put in order what can be without the profile: indexes made anew, what is spoilt removed.

    What a component consists of now is stored again by the next deploy that comes to the same.
    What it consisted of only earlier is lost: it is noted that nothing goes back there any more.

    Raises:
        LockedError: a run is on.
    """
    client = connection.client
    found = _faults(connection, stack)
    if not found and releases.latest(client, stack):
        return RecordCheck(connection.info, stack, ())
    with workers(connection.stop) as pool:
        made = recovery.rebuild(connection, stack, pool, by=claim.holder, tool=__version__)
        if not found and made is None:
            raise absent(connection, stack)
        found = found or (absent(connection, stack),)
        mending = _mending(client, stack, made)
        steps = tuple(_steps(stack, mending))
        if not steps:
            return RecordCheck(connection.info, stack, found, left=found)
        with client.pausing():
            agreed = agree(found, steps)
        if not agreed:
            return RecordCheck(connection.info, stack, found, agreed=False)
        client.end_look()
        notify(Step("taking the lock"))
        with client.within(client.now() + REPAIR_SECONDS):
            recording.ensure_namespace(client, stack, connection.stop)
            with locked(client, stack, claim, connection.stop, notify):
                _mend(client, stack, mending, pool)
    return RecordCheck(connection.info, stack, found, steps, _faults(connection, stack))


def _mending(client: Client, stack: StackId, made: Recorded | None) -> _Mending:
    return _Mending(
        made=made,
        damaged=damage.damaged(client, stack),
        spoilt=damage.spoilt_shards(client, stack),
        lost=_lost(client, stack),
    )


def _steps(stack: StackId, mending: _Mending) -> Iterator[str]:
    """Say what is to be done, in the order in which it is."""
    if mending.made is not None:
        release = mending.made.release
        yield (
            f"record revision {release.revision} with the "
            f"{counted(len(release.inventory), 'object')} that the last readable "
            "revision and the objects themselves name"
        )
    for number in mending.damaged:
        yield f"remove {indexes.ref_of_index(stack, number)}"
    for shard in sorted(mending.spoilt):
        yield f"remove what is left of shard {shard}"
    for number, names in mending.lost.items():
        yield (
            f"note that revision {number} cannot be rolled back to any more: "
            f"the objects of {', '.join(sorted(names))} in it are lost"
        )


def _mend(client: Client, stack: StackId, mending: _Mending, pool: Executor) -> None:
    if mending.made is not None:
        releases.require_latest(client, stack, mending.made)
        secrets = _secret_sets(client, stack)
        recording.begin(client, mending.made.release, (), pool, secrets)
    recording.drop(client, stack, mending.damaged, mending.spoilt)
    for number, names in mending.lost.items():
        recorded = releases.read_as_is(client, stack, number)
        recording.update(client, recorded, written_off(recorded.release, names))


def _secret_sets(client: Client, stack: StackId) -> Mapping[str, str]:
    """Read what `--set` said of secrets for the last readable revision; what is lost stays so."""
    known = releases.history(client, stack, lambda _: None)
    try:
        return releases.secret_sets(client, known[-1]) if known else {}
    except ReleaseError:
        return {}


def _lost(client: Client, stack: StackId) -> dict[int, set[str]]:
    """Find the revisions of which something is lost for good, and the components it is of."""
    found: dict[int, set[str]] = {}
    for loss in damage.losses(client, stack):
        for number in () if loss.mendable else loss.revisions:
            found.setdefault(number, set()).add(loss.component)
    return {number: found[number] for number in sorted(found)}
