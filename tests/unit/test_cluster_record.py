"""In which order a record is written and let go, so that whatever it says can be read."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from stackctl.cluster.record import indexes, recording, shards
from stackctl.cluster.record.releases import Recorded
from stackctl.errors import AlreadyExists, LockedError, StaleWrite
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.release.release import Release, ReleaseStatus
from tests.unit.recorder import ML, Recorder, listing, live, thing

INDEXES, SECRETS = "stackctl-system/configmaps", "stackctl-system/secrets"
SIGN = f"apply {SECRETS}/stackctl.ml.v2147483647"
PART = BundleComponent("a", "1", "ml", (thing("ConfigMap", "one"),))
OTHER = BundleComponent("b", "1", "ml", (thing("ConfigMap", "two"),))


def release(revision: int = 1, *parts: BundleComponent) -> Release:
    return Release(
        stack=ML,
        revision=revision,
        status=ReleaseStatus.DEPLOYED,
        profile="p",
        bundle="d",
        cluster="c",
        by="tester@here",
        tool="1",
        begun="2026-11-27T19:00:00Z",
        shards={part.name: part.digest for part in parts},
    )


def index(revision: int, *parts: BundleComponent) -> Manifest:
    return live(indexes.index(Recorder(), release(revision, *parts)))


def secrets(*parts: BundleComponent) -> list[Manifest]:
    """Make the Secrets that components are kept in."""
    client = Recorder()
    for part in parts:
        shards.keep(client, ML, part)
    return [live(body) for _, body in client.bodies]


def begun(client: Recorder, parts: Iterable[BundleComponent]) -> None:
    with ThreadPoolExecutor(1) as pool:
        recording.begin(client, release(1), tuple(parts), pool, {"a.password": "x"})


def shard(part: BundleComponent) -> str:
    return f"{SECRETS}/{shards.shard_ref(ML, part.name, part.digest).name}"


def test_an_index_comes_after_all_that_it_names():
    """Shards and secret settings first; that it is the newest revision is said at the end."""
    client = Recorder()
    begun(client, [PART, OTHER])
    assert client.writes == [
        SIGN,  # a program that knows only the first format is kept out before anything else
        f"apply {SECRETS}/stackctl.ml.v1.sets",
        f"apply {shard(PART)}",
        f"apply {shard(OTHER)}",
        f"create {INDEXES}",
        SIGN,
    ]


def test_a_shard_that_is_there_is_not_stored_again():
    """It is found by the digest of its content."""
    client = Recorder({f"list {SECRETS}": listing(*secrets(PART))})
    begun(client, [PART, OTHER])
    assert f"apply {shard(PART)}" not in client.log
    assert f"apply {shard(OTHER)}" in client.log


def test_a_shard_of_which_a_part_is_gone_is_stored_again():
    """What is there of it is no use."""
    (half,) = secrets(PART)
    half["metadata"]["annotations"]["stackctl.dev/parts"] = "2"
    client = Recorder({f"list {SECRETS}": listing(half)})
    begun(client, [PART])
    assert f"apply {shard(PART)}" in client.log


def test_of_two_runs_one_records_a_revision():
    """The other is told, and does not call its revision the newest."""
    client = Recorder({f"create {INDEXES}": AlreadyExists("it is there", status=409)})
    with pytest.raises(LockedError, match="another run recorded revision 1"):
        begun(client, [])
    assert client.writes[-1] == f"create {INDEXES}"


def test_a_revision_is_written_over_the_version_that_was_read():
    """Who comes too late is told so."""
    line = f"replace {INDEXES}/stackctl.ml.v1"
    client = Recorder({line: StaleWrite("moved on", status=409)})
    with pytest.raises(LockedError, match="another run has taken over"):
        recording.update(client, Recorded(release(), "41"), release())
    assert client.body(line)["metadata"]["resourceVersion"] == "41"


def test_indexes_are_forgotten_last_and_the_newest_of_them_at_the_end():
    """As long as one is there, a teardown that is killed can be resumed."""
    client = Recorder(
        {
            f"list {INDEXES}": listing(index(10), index(2), index(9)),
            f"list {SECRETS}": listing(*secrets(PART)),
        }
    )
    recording.forget(client, ML)
    assert client.writes == [
        f"delete {shard(PART)}",
        f"delete {INDEXES}/stackctl.ml.v2",
        f"delete {INDEXES}/stackctl.ml.v9",
        f"delete {INDEXES}/stackctl.ml.v10",
    ]


def test_old_revisions_go_and_then_what_no_other_names():
    """Ten are kept, and the shards that they name."""
    count = recording.KEPT_REVISIONS + 2
    known = [index(number, PART) for number in range(1, count + 1)]
    client = Recorder(
        {
            f"list {INDEXES}": [listing(*known), listing()],
            f"list {SECRETS}": [listing(), listing(*secrets(PART, OTHER))],
        }
    )
    recording.tidy(client, ML)
    assert client.writes == [
        f"delete {INDEXES}/stackctl.ml.v1",
        f"delete {INDEXES}/stackctl.ml.v2",
        f"delete {shard(OTHER)}",
    ]


def test_no_shard_goes_while_an_index_cannot_be_read():
    """What it names is not known."""
    broken = index(2, OTHER)
    broken["data"]["digest"] = "another"
    client = Recorder(
        {
            f"list {INDEXES}": listing(index(1, PART), broken),
            f"list {SECRETS}": listing(*secrets(PART, OTHER)),
        }
    )
    recording.tidy(client, ML)
    assert client.writes == []
