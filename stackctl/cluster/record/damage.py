"""Reads everything of a record, and says of each part that is damaged what is lost with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.cluster.record import indexes, releases, shards
from stackctl.errors import ConflictError, LaterFormat, ReleaseError, StackError
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
    kept = shards.kept(client, stack)
    numbers = releases.numbers(client, stack)
    if kept.newest > max(numbers, default=0):
        yield indexes.gone(stack, kept.newest)
    for number in reversed(numbers):
        try:
            releases.read_as_is(client, stack, number)
        except LaterFormat:
            raise
        except (ReleaseError, ConflictError) as error:
            yield error
    for loss in losses(client, stack):
        yield loss.error


def losses(client: Client, stack: StackId) -> tuple[Loss, ...]:
    """Find what the revisions that can be read name and what is lost, the newest's first."""
    numbers = [each for each in releases.numbers(client, stack) if _readable(client, stack, each)]
    kept = [releases.read_as_is(client, stack, each).release for each in reversed(numbers)]
    named: dict[tuple[str, str], list[Release]] = {}
    for release in kept:
        for component, shard in release.shards.items():
            named.setdefault((component, shard), []).append(release)
    return tuple(
        _loss(kept[0], component, using, error)
        for (component, _), using in named.items()
        if (error := _fault(client, using[0], component)) is not None
    )


def _loss(newest: Release, component: str, using: Sequence[Release], error: ReleaseError) -> Loss:
    """Say what is lost with the objects of a component, and what can be done about it."""
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
    numbers = releases.numbers(client, stack)
    missing = {shards.kept(client, stack).newest} - {0, *numbers}
    return [*(each for each in numbers if not _readable(client, stack, each)), *missing]


def _readable(client: Client, stack: StackId, number: int) -> bool:
    try:
        releases.read_as_is(client, stack, number)
    except LaterFormat:
        raise
    except (ReleaseError, ConflictError):
        return False
    return True


def spoilt_shards(client: Client, stack: StackId) -> set[str]:
    """Find the shards that are there and are not what was stored."""
    found = set(shards.kept(client, stack).broken)
    for number in releases.numbers(client, stack):
        if _readable(client, stack, number):
            release = releases.read_as_is(client, stack, number).release
            stored = shards.stored(client, release)
            for component, shard in release.shards.items():
                if stored.get(shard) and _fault(client, release, component) is not None:
                    found.add(shard)
    return found


def _fault(client: Client, release: Release, component: str) -> ReleaseError | None:
    shard = release.shards[component]
    parts = shards.stored(client, release, (shard,)).get(shard, ())
    try:
        shards.joined(release, component, parts)
    except ReleaseError as error:
        return error
    return None
