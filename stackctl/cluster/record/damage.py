"""Reads everything of a record, and says of each part that is damaged what is lost with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.cluster.record import indexes, releases, shards
from stackctl.errors import ConflictError, LaterFormat, ReleaseError, StackError
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release


@dataclass(frozen=True, slots=True)
class Loss:
    """What a component consisted of, in the revisions that name it, and is not there any more."""

    component: str
    revisions: tuple[int, ...]
    mendable: bool  # by an upgrade to the same: the newest revision has it too
    error: ReleaseError


def faults(client: Client, stack: StackId) -> Iterator[StackError]:
    """Yield what is wrong with a record, the newest revision first.

    Raises:
        LaterFormat: a later stackctl has written it.
    """
    newest, revisions = shards.kept(client, stack).newest, _read_all(client, stack)
    if newest > max(revisions, default=0):
        yield indexes.gone(stack, newest)
    yield from (each for each in revisions.values() if isinstance(each, StackError))
    for loss in losses(client, stack):
        yield loss.error
    # What was set earlier is in the objects of that revision, and asked for by nobody.
    if revisions and isinstance(last := next(iter(revisions.values())), Release):
        try:
            releases.secret_sets(client, last)
        except ReleaseError as error:
            yield error


def losses(client: Client, stack: StackId) -> tuple[Loss, ...]:
    """Find what the revisions that can be read name and what is lost, the newest's first."""
    kept = [each for each in _read_all(client, stack).values() if isinstance(each, Release)]
    named: dict[tuple[str, str], list[Release]] = {}
    for release in kept:
        for component, shard in release.shards.items():
            named.setdefault((component, shard), []).append(release)
    return tuple(
        _loss(kept[0], component, using, error)
        for (component, shard), using in named.items()
        if (error := _fault(using[0], component, shards.stored(client, using[0], (shard,))))
    )


def _loss(newest: Release, component: str, using: Sequence[Release], error: ReleaseError) -> Loss:
    """Return what is lost with the objects of a component, and what can be done about it."""
    stack, shard = newest.stack, using[0].shards[component]
    revisions = tuple(sorted(each.revision for each in using))
    mendable = newest.shards.get(component) == shard
    hint = (
        f"stackctl upgrade --stack {stack} stores it again if it comes to the same objects"
        if mendable
        else f"{indexes.repair_hint(stack)} takes note that nothing goes back there any more"
    )
    # Of the revision that had it last; earlier ones are named beside it.
    earlier = f"; so for revision {', '.join(map(str, revisions[:-1]))}" if revisions[1:] else ""
    return Loss(component, revisions, mendable, ReleaseError(f"{error}{earlier}", hint=hint))


def damaged(client: Client, stack: StackId) -> list[int]:
    """List the revisions whose index cannot be read, or names what it may not."""
    revisions = _read_all(client, stack)
    missing = {shards.kept(client, stack).newest} - {0, *revisions}
    faulty = (number for number, each in revisions.items() if isinstance(each, StackError))
    return [*sorted(faulty), *missing]


def spoilt_shards(client: Client, stack: StackId) -> set[str]:
    """Find the shards that are there and are not what was stored."""
    found = set(shards.kept(client, stack).broken)
    for release in _read_all(client, stack).values():
        if isinstance(release, Release):
            stored = shards.stored(client, release)
            for component, shard in release.shards.items():
                if shard in stored and _fault(release, component, stored):
                    found.add(shard)
    return found


def _read_all(client: Client, stack: StackId) -> dict[int, Release | StackError]:
    """Read every revision, the newest first, or what is wrong with its index."""
    found: dict[int, Release | StackError] = {}
    for number in reversed(releases.numbers(client, stack)):
        try:
            found[number] = releases.read_as_is(client, stack, number).release
        except LaterFormat:
            raise
        except (ReleaseError, ConflictError) as error:
            found[number] = error
    return found


def _fault(
    release: Release, component: str, stored: Mapping[str, Sequence[Manifest]]
) -> ReleaseError | None:
    try:
        shards.joined(release, component, stored.get(release.shards[component], ()))
    except ReleaseError as error:
        return error
    return None
