"""Reads everything of a record, and says of each part that is damaged what is lost with it."""

from collections.abc import Iterator, Sequence

from stackctl.api.client import Client
from stackctl.cluster.record import indexes, releases, shards
from stackctl.errors import ConflictError, LaterFormat, ReleaseError, StackError
from stackctl.model.objects.refs import Manifest
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
    seen: set[str] = set()
    for number in reversed(numbers):
        release = _read(client, stack, number)
        if isinstance(release, StackError):
            yield release
        else:
            yield from _of_shards(client, release, seen)


def damaged(client: Client, stack: StackId) -> list[int]:
    """List the revisions whose index cannot be read, or names what it may not."""
    numbers = releases.numbers(client, stack)
    missing = {shards.kept(client, stack).newest} - {0, *numbers}
    unreadable = (n for n in numbers if isinstance(_read(client, stack, n), StackError))
    return [*unreadable, *missing]


def spoilt_shards(client: Client, stack: StackId) -> set[str]:
    """Find the shards that are there and are not what was stored."""
    found = set(shards.kept(client, stack).broken)
    for number in releases.numbers(client, stack):
        release = _read(client, stack, number)
        if not isinstance(release, StackError):
            stored = shards.stored(client, release)
            for component, shard in release.shards.items():
                if shard in stored and _fault(release, component, stored[shard]):
                    found.add(shard)
    return found


def _read(client: Client, stack: StackId, number: int) -> Release | StackError:
    """Read a revision, or return what is wrong with its index."""
    try:
        return releases.read_as_is(client, stack, number).release
    except LaterFormat:
        raise
    except (ReleaseError, ConflictError) as error:
        return error


def _of_shards(client: Client, release: Release, seen: set[str]) -> Iterator[StackError]:
    """Yield what is wrong with the shards of a revision that were not seen yet."""
    new = set(release.shards.values()) - seen
    stored = shards.stored(client, release, new) if new else {}
    for component, shard in release.shards.items():
        if shard in new and (error := _fault(release, component, stored.get(shard, ()))):
            yield error
    seen |= new


def _fault(release: Release, component: str, parts: Sequence[Manifest]) -> ReleaseError | None:
    try:
        shards.joined(release, component, parts)
    except ReleaseError as error:
        return error
    return None
