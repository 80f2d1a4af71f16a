"""Reads everything of a record, and says of each part that is damaged what is lost with it."""

from collections.abc import Iterator

from stackctl.api.client import Client
from stackctl.cluster.record import indexes, releases, shards
from stackctl.errors import ConflictError, LaterFormat, ReleaseError, StackError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release


def faults(client: Client, stack: StackId) -> Iterator[StackError]:
    """Yield what is wrong with a record, the newest revision first.

    Raises:
        LaterFormat: a later stackctl has written it.
    """
    kept = shards.kept(client, stack)
    numbers = releases.numbers(client, stack)
    if kept.newest > max(numbers, default=0):
        yield indexes.gone(stack, kept.newest)
    told: set[str] = set()
    for number in reversed(numbers):
        try:
            release = releases.read_as_is(client, stack, number).release
        except LaterFormat:
            raise
        except (ReleaseError, ConflictError) as error:
            yield error
        else:
            yield from _of_shards(client, release, told)


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


def _of_shards(client: Client, release: Release, told: set[str]) -> Iterator[StackError]:
    for component, shard in release.shards.items():
        if shard not in told and (error := _fault(client, release, component)) is not None:
            told.add(shard)
            yield error


def _fault(client: Client, release: Release, component: str) -> ReleaseError | None:
    shard = release.shards[component]
    parts = shards.stored(client, release, (shard,)).get(shard, ())
    try:
        shards.joined(release, component, parts)
    except ReleaseError as error:
        return error
    return None
