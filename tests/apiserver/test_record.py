"""Records that are damaged, lost, too large or of another format: said by name, and mended."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from stackctl.actions import record
from stackctl.actions.compose import StackRequest
from stackctl.actions.diff import diff_revision
from stackctl.actions.execute_plan import execute_plan
from stackctl.actions.history import history
from stackctl.actions.inherit import resumed
from stackctl.actions.planning import look
from stackctl.actions.status import status
from stackctl.cluster.context import running
from stackctl.cluster.record import indexes, recording, releases, shards
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import Claim
from stackctl.cluster.record.recovery import UNKNOWN
from stackctl.errors import ApplyError, ConflictError, LaterFormat, ReleaseError, StackError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref, digest
from stackctl.model.plan.plan import Action
from stackctl.model.plan.removal import UNSURE
from stackctl.model.release.release import FORMAT, Entry, encode, pack, unpack
from stackctl.model.run.events import Notice
from stackctl.model.run.outcome import RecordCheck
from tests.apiserver.stacks import Stack

Damage = Callable[[Manifest], Manifest | None]  # None: deleted


def content(change: Callable[[Any], Any]) -> Damage:
    """Damage what an index says, its digest being right."""

    def damage(index: Manifest) -> Manifest:
        plain = unpack(base64.b64decode(index["binaryData"]["release"]))
        return holding(index, pack(change(plain)))

    return damage


def holding(index: Manifest, packed: bytes) -> Manifest:
    encoded = base64.b64encode(packed).decode()
    mark = indexes.content_mark(packed)
    return index | {"binaryData": {"release": encoded}, "data": {"digest": mark}}


def without(*keys: str) -> Damage:
    return lambda found: {key: found[key] for key in found if key not in keys}


def labelled(**labels: str) -> Damage:
    def damage(found: Manifest) -> Manifest:
        metadata = found["metadata"]
        changed = {f"stackctl.dev/{key}": value for key, value in labels.items()}
        kept = {key: each for key, each in (metadata["labels"] | changed).items() if each}
        return found | {"metadata": metadata | {"labels": kept}}

    return damage


def of_inventory(change: Callable[[Any], Any]) -> Damage:
    return content(lambda plain: plain | {"inventory": [change(x) for x in plain["inventory"]]})


OF_INDEXES: dict[str, Damage] = {
    "deleted": lambda _: None,
    "empty": without("data", "binaryData"),
    "no content": without("binaryData"),
    "no digest": without("data"),
    "another digest": lambda found: found | {"data": {"digest": "0" * 32}},
    "parts that are not there": lambda found: found | {"data": found["data"] | {"parts": "3"}},
    "parts that are no number": lambda found: found | {"data": found["data"] | {"parts": "x"}},
    "garbage": lambda found: holding(found, b"garbage"),
    "nothing": lambda found: holding(found, b""),
    "cut off": lambda found: holding(found, pack({"format": FORMAT, "x": "y" * 99})[:30]),
    "no JSON": lambda found: holding(found, gzip.compress(b"{")),
    "no text": lambda found: holding(found, gzip.compress(b"\xff\xfe")),
    "deep": lambda found: holding(found, gzip.compress(b"[" * 100_000)),
    "a long number": lambda found: holding(found, gzip.compress(b"1" * 10_000)),
    "a list": content(lambda _: []),
    "a text": content(lambda _: "x"),
    "an empty map": content(lambda _: {}),
    "no format": content(lambda plain: {k: plain[k] for k in plain if k != "format"}),
    "a format that is none": content(lambda plain: plain | {"format": "two"}),
    "a later format": content(lambda plain: plain | {"format": 99}),
    "an unknown key": content(lambda plain: plain | {"more": 1}),
    "no profile": content(lambda plain: {k: plain[k] for k in plain if k != "profile"}),
    "an unknown status": content(lambda plain: plain | {"status": "fine"}),
    "a list for a status": content(lambda plain: plain | {"status": []}),
    "another revision": content(lambda plain: plain | {"revision": 77}),
    "a text for a revision": content(lambda plain: plain | {"revision": "2"}),
    "revision zero": content(lambda plain: plain | {"revision": 0}),
    "another stack": content(lambda plain: plain | {"stack": "another"}),
    "a number for a stack": content(lambda plain: plain | {"stack": 1}),
    "a number for a message": content(lambda plain: plain | {"message": 1}),
    "a map for a time": content(lambda plain: plain | {"finished": {}}),
    "numbers in sets": content(lambda plain: plain | {"sets": {"a.b": 1}}),
    "a list for components": content(lambda plain: plain | {"components": ["a"]}),
    "shards without digests": content(lambda plain: plain | {"shards": {"a": "x) ,!y"}}),
    "nothing required": content(lambda plain: plain | {"requires": None}),
    "a text for needed GPUs": content(lambda plain: plain | {"requires": {"gpu": "8"}}),
    "no inventory": content(lambda plain: plain | {"inventory": None}),
    "a map for an inventory": content(lambda plain: plain | {"inventory": {"a": 1}}),
    "texts in the inventory": of_inventory(lambda _: "x"),
    "entries without refs": of_inventory(lambda _: {"component": "a", "version": "v1"}),
    "numbers for refs": of_inventory(lambda entry: entry | {"ref": 7}),
    "refs that lead elsewhere": of_inventory(lambda entry: entry | {"ref": "/Pod/x/../../y"}),
    "refs without a name": of_inventory(lambda entry: entry | {"ref": "/Pod/x/"}),
    "numbers for uids": of_inventory(lambda entry: entry | {"uid": 1}),
    "a label that is no number": labelled(revision="x"),
    "no label": labelled(revision=""),
    "not of the record": labelled(record=""),
    "labelled as another revision": labelled(revision="9"),
    "labelled as one of another stack": labelled(record="another"),
}
OF_SHARDS: dict[str, Damage] = {
    "deleted": lambda _: None,
    "empty": without("data"),
    "garbage": lambda found: found | {"data": {"objects": base64.b64encode(b"x").decode()}},
    "other objects": lambda found: found | {"data": packed({"name": "a", "objects": []})},
    "a list": lambda found: found | {"data": packed([])},
    "parts that are not there": lambda found: annotated(found, "3"),
    "parts that are no number": lambda found: annotated(found, "x"),
    "not labelled": labelled(shard=""),
}


def packed(value: Any) -> dict[str, str]:
    return {"objects": base64.b64encode(pack(value)).decode()}


def annotated(found: Manifest, parts: str) -> Manifest:
    metadata = found["metadata"] | {"annotations": {store.PARTS: parts}}
    return found | {"metadata": metadata}


def parts(stack: Stack, value: str = "one") -> Any:
    return stack.part("a", stack.namespace(), stack.config("x", key=value), stack.config(value))


def recorded_twice(stack: Stack) -> None:
    stack.deploy(parts(stack))
    stack.deploy(parts(stack, "two"))


def planned(stack: Stack, *components: Any) -> Any:
    with running(stack.connection, stack.tell) as run:
        return look(run, stack.id, Bundle("test", components))


def check(stack: Stack) -> list[str]:
    return [str(each) for each in record.check(stack.id, stack.connection).faults]


def repair(stack: Stack) -> Any:
    return record.repair(
        stack.id,
        stack.connection,
        agree=lambda *_: True,
        claim=Claim("tester@here"),
        notify=stack.tell,
    )


def commands(stack: Stack) -> dict[str, Callable[[], object]]:
    """What people type when something is wrong; nothing of it changes anything."""
    return {
        "status": lambda: status(stack.id, stack.connection),
        "history": lambda: history(stack.id, stack.connection),
        "diff": lambda: planned(stack, parts(stack, "two")),
        "diff --revision 1": lambda: diff_revision(stack.id, 1, stack.connection, stack.tell),
        "rollback": lambda: stack.rollback(1, dry_run=True),
        "teardown": lambda: stack.teardown(dry_run=True),
        "record check": lambda: record.check(stack.id, stack.connection),
    }


@contextmanager
def damaged(stack: Stack, path: str, damage: Damage) -> Iterator[None]:
    """Damage an object of the record for as long as the block runs."""
    before = stack.client.get(path)
    assert before is not None
    collection = path.rpartition("/")[0]
    after = damage(fresh(before))
    stack.client.delete(path)
    if after is not None:
        stack.client.create(collection, after)
    yield
    stack.client.delete(path)
    stack.client.create(collection, fresh(before))


def fresh(found: Manifest) -> Manifest:
    metadata = {key: found["metadata"][key] for key in ("name", "namespace", "labels")}
    if annotations := found["metadata"].get("annotations"):
        metadata["annotations"] = annotations
    return {key: found[key] for key in found if key != "metadata"} | {"metadata": metadata}


def index_path(stack: Stack, revision: int) -> str:
    return f"{store.indexes_of(stack.id)}/{store.name_of(stack.id, revision)}"


def shard_path(stack: Stack, revision: int = 2) -> str:
    shard = releases.read(stack.client, stack.id, revision).shards["a"]
    return f"{store.secrets_of(stack.id)}/{shards.shard_ref(stack.id, 'a', shard).name}"


def told_of(stack: Stack, path: str, label: str, damage: Damage) -> list[str]:
    """Go through every command; return what is not said as it should be."""
    wrong = []
    name = path.rpartition("/")[2]
    with damaged(stack, path, damage):
        for command, run in commands(stack).items():
            stack.told.clear()
            said = ""
            try:
                found = run()
                if isinstance(found, RecordCheck):
                    said = str([str(each) for each in found.faults])
            except StackError as error:
                said = f"{error}"
                if name not in said or not error.hint:
                    wrong.append(f"{label}, {command}: {error} (hint: {error.hint})")
            except Exception as error:  # noqa: BLE001 - what would be a bug report
                wrong.append(f"{label}, {command}: {type(error).__name__}: {error}")
            if command == "record check" and name not in said:
                wrong.append(f"{label}, {command}: {said or 'intact'}")
    return wrong


@pytest.mark.parametrize("revision", [1, 2])
def test_a_damaged_index_is_named_with_a_way_out(stack, revision):
    """Every command says which object is damaged, or does without it; none ends as a bug."""
    recorded_twice(stack)
    path = index_path(stack, revision)
    cases = list(OF_INDEXES.items())
    if revision == 1:  # that an old revision is gone is what happens to all of them in the end
        gone = ("deleted", "a label that is no number", "no label", "not of the record")
        cases = [each for each in cases if each[0] not in gone and "labelled" not in each[0]]
    assert [line for label, damage in cases for line in told_of(stack, path, label, damage)] == []
    assert check(stack) == []


@pytest.mark.parametrize("lost", [{"revision": ""}, {"revision": "9"}, {"record": ""}])
def test_an_index_that_has_lost_its_labels_is_named_before_another_is_written(stack, lost):
    """Where the next revision is to be, something is in the way: nobody's run, and not for ever."""
    recorded_twice(stack)
    with damaged(stack, index_path(stack, 2), labelled(**lost)):
        with pytest.raises(ReleaseError, match=r"v2: has lost its label stackctl\.dev/") as no:
            stack.deploy(parts(stack, "three"))
        assert no.value.hint == f"stackctl record repair --stack {stack.name}"
        with pytest.raises(ReleaseError, match=r"v2: has lost its label stackctl\.dev/"):
            stack.rollback(2)
        assert repair(stack).left == ()
        stack.deploy(parts(stack, "three"))
        assert check(stack) == []
        stack.client.create(store.indexes_of(stack.id), stack_index(stack))


def stack_index(stack: Stack) -> Manifest:
    """Something where the second revision was, for `damaged` to take away."""
    metadata = {"name": store.name_of(stack.id, 2), "namespace": stack.id.namespace}
    return stack.config("x") | {"metadata": metadata}


def test_a_copy_of_an_index_is_none(stack):
    """As somebody makes one before a repair: under another name, labels and all."""
    recorded_twice(stack)
    copy = fresh(stack.client.get(index_path(stack, 1)))
    copy["metadata"] |= {"name": f"backup-{stack.name}"}
    copy["metadata"]["labels"] |= {store.REVISION_LABEL: "7"}
    stack.client.create(store.indexes_of(stack.id), copy)
    assert check(stack) == []
    assert stack.deploy(parts(stack, "two")).release is None
    assert releases.places(stack.client, name=stack.name) == {stack.id: [1, 2]}
    assert stack.teardown().residue == ()


def test_a_damaged_shard_is_named_with_a_way_out(stack):
    """What is lost with it is said, and what needs it not goes on without."""
    recorded_twice(stack)
    path = shard_path(stack)
    found = [line for each in OF_SHARDS.items() for line in told_of(stack, path, *each)]
    assert found == []
    assert check(stack) == []


def test_a_lost_shard_is_stored_again_by_a_deploy_that_changes_nothing(stack):
    """The components are the same, so their objects are."""
    recorded_twice(stack)
    path = shard_path(stack)
    stack.client.delete(path)
    (fault,) = check(stack)
    assert "the objects of a in revision 2 are lost" in fault
    assert stack.deploy(parts(stack, "two")).release is None
    assert stack.client.get(path) is not None
    assert check(stack) == []


def test_nothing_is_stored_in_a_record_that_is_being_deleted(stack):
    """Secrets go first, and the rest a moment later: the plan was made of what is no more."""
    part = parts(stack)
    stack.deploy(part)
    stack.client.delete(shard_path(stack, 1))
    with running(stack.connection, stack.tell) as run:
        intent = look(run, stack.id, Bundle("test", (part,)))
        assert [each.name for each in intent.lost] == ["a"]
        stack.client.delete(index_path(stack, 1))
        with pytest.raises(ConflictError, match="the record has gone after the plan was made"):
            execute_plan(run, intent, lambda *_: True, stack.options())
    assert (
        stack.client.list(
            store.secrets_of(stack.id), labels=store.mine(stack.id, shards.SHARD_LABEL)
        ).items
        == ()
    )
    stack.deploy(part)
    assert_unsure(stack)


@pytest.mark.parametrize("label", ["garbage", "empty", "other objects"])
def test_a_spoilt_shard_is_stored_again_by_a_deploy_that_changes_nothing(stack, label):
    """It is there, as far as its metadata tells: but somebody else has written to it."""
    recorded_twice(stack)
    path = shard_path(stack)
    spoilt = OF_SHARDS[label](fresh(stack.client.get(path)))
    stack.client.patch(path, {"data": {"objects": None} | spoilt.get("data", {})})
    (fault,) = record.check(stack.id, stack.connection).faults
    assert f"stackctl upgrade --stack {stack.name} stores it again" in fault.hint
    assert stack.deploy(parts(stack, "two")).release is None
    assert "the recorded objects of a were lost; they are stored again" in stack.notes
    assert check(stack) == []


@pytest.mark.parametrize("change", [{"type": "Opaque"}, {"immutable": True}])
def test_what_cannot_be_changed_of_a_record_is_made_anew(stack, change):
    """A Secret's type for one: whoever wrote it back may have left that out."""
    recorded_twice(stack)
    secrets = store.secrets_of(stack.id)
    for each in stack.client.list(secrets, labels=store.mine(stack.id)).items:
        path = f"{secrets}/{each['metadata']['name']}"
        stack.client.delete(path)
        stack.client.create(secrets, fresh(each) | {"data": {"x": ""}} | change)
    stack.deploy(parts(stack, "three"))
    stack.deploy(parts(stack, "two"))
    assert releases.current(stack.client, stack.id).release.revision == 4
    assert "revision 1 are lost" in " ".join(check(stack))
    repair(stack)
    assert check(stack) == []
    assert stack.teardown().residue == ()


def test_a_record_that_was_copied_is_read_and_believed(stack):
    """As a backup writes it back: every byte is right, only the API server knows another author."""
    recorded_twice(stack)
    path = shard_path(stack)
    copy = fresh(stack.client.get(path))
    stack.client.delete(path)
    stack.client.create(path.rpartition("/")[0], copy)
    assert stack.deploy(parts(stack, "two")).release is None
    assert stack.notes == []
    assert check(stack) == []


def test_an_earlier_revision_that_is_lost_is_written_off(stack):
    """Nothing can make it again: it is named once, and neither offered nor called damaged then."""
    stack.deploy(parts(stack, "zero"))
    recorded_twice(stack)
    stack.client.delete(shard_path(stack, 2))
    (fault,) = record.check(stack.id, stack.connection).faults
    assert "the objects of a in revision 2 are lost" in str(fault)
    assert fault.hint.startswith(f"stackctl record repair --stack {stack.name} ")
    found = repair(stack)
    assert found.left == ()
    assert found.done == (
        "note that revision 2 cannot be rolled back to any more: the objects of a in it are lost",
    )
    assert check(stack) == []
    assert repair(stack).done == ()
    assert [r.release.restorable for r in history(stack.id, stack.connection)] == [
        True,
        False,
        True,
    ]
    with pytest.raises(ReleaseError, match="revision 2 cannot be restored: the objects of a in it"):
        stack.rollback(2)
    with pytest.raises(ReleaseError, match=r"no revision 9 \(there: 1, 2, 3\)"):
        stack.rollback(9)
    stack.told.clear()
    assert stack.rollback().release.command == "rollback 1"
    assert any("revision 2 cannot be" in e.text for e in stack.told if isinstance(e, Notice))
    assert stack.teardown().residue == ()


def test_what_a_repair_cannot_mend_is_left_to_a_deploy_by_name(stack):
    """What the newest revision applied is not written off; nothing is called repaired."""
    recorded_twice(stack)
    stack.client.delete(shard_path(stack))
    stack.client.delete(shard_path(stack, 1))
    first = repair(stack)
    assert [step[:26] for step in first.done] == ["note that revision 1 cannot"[:26]]
    (left,) = first.left
    assert "in revision 2 are lost" in str(left)
    assert left.hint.startswith(f"stackctl upgrade --stack {stack.name} stores it again")
    again = repair(stack)
    assert (again.done, [str(each) for each in again.left]) == ((), [str(left)])
    stack.deploy(parts(stack, "two"))
    assert check(stack) == []


def test_a_record_made_of_objects_alone_cannot_be_gone_back_to(stack):
    """What it applied was never recorded; going back to that would prune everything."""
    recorded_twice(stack)
    for revision in (1, 2):
        stack.client.delete(index_path(stack, revision))
    assert repair(stack).left == ()
    made = releases.current(stack.client, stack.id).release
    with pytest.raises(ReleaseError, match=f"revision {made.revision} cannot be restored"):
        stack.rollback(made.revision)
    stack.deploy(parts(stack, "two"))
    assert_unsure(stack)


def assert_unsure(stack: Stack) -> None:
    """Expect of a teardown that it does not say what nobody can know."""
    (kept,) = stack.teardown().kept
    assert (kept.ref.kind, kept.why) == ("Namespace", UNSURE)
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_a_namespace_of_a_lost_record_is_not_said_to_have_been_there_before(stack):
    """The stack may well have made it: a deploy over what is there does not know, and says so."""
    recorded_twice(stack)
    recording.forget(stack.client, stack.id)
    stack.deploy(parts(stack, "two"))
    stack.deploy(parts(stack, "three"))
    assert_unsure(stack)


def test_a_lost_record_is_told_by_whoever_names_a_revision(stack):
    """That there is no such revision would lead from there to `history`, which has none."""
    recorded_twice(stack)
    for revision in (1, 2):
        stack.client.delete(index_path(stack, revision))
    for act in (
        stack.rollback,
        lambda: stack.rollback(1),
        lambda: diff_revision(stack.id, 1, stack.connection, stack.tell),
        lambda: resumed(StackRequest(), stack.id, stack.connection),
    ):
        with pytest.raises(
            ReleaseError, match=r"no record on .*, but objects with its label"
        ) as no:
            act()
        assert f"stackctl teardown --stack {stack.name}" in no.value.hint


def test_a_stack_of_which_nothing_can_be_read_is_not_called_absent(stack):
    """Its index is named, and what makes it anew."""
    stack.deploy(parts(stack))
    with damaged(stack, index_path(stack, 1), OF_INDEXES["garbage"]):
        for act in (lambda: history(stack.id, stack.connection, stack.tell), stack.rollback):
            with pytest.raises(
                ReleaseError, match=f"stackctl.{stack.name}.v1: cannot be read"
            ) as no:
                act()
            assert no.value.hint == f"stackctl record repair --stack {stack.name}"


def test_a_newest_revision_that_is_spoilt_is_made_anew(stack):
    """By hand: of the revision before it and of what the objects say; then all goes on as ever."""
    recorded_twice(stack)
    with damaged(stack, index_path(stack, 2), OF_INDEXES["garbage"]):
        with pytest.raises(ReleaseError, match=r"v2: cannot be read") as refused:
            stack.deploy(parts(stack))
        assert refused.value.hint == f"stackctl record repair --stack {stack.name}"
        assert repair(stack).left == ()
        made = releases.current(stack.client, stack.id).release
        assert made.revision == 3
        assert {entry.ref.name for entry in made.inventory} >= {stack.name, "x", "two"}
        stack.deploy(parts(stack))
        assert stack.get("configmaps/two") is None
        assert stack.get("configmaps/x")["data"] == {"key": "one"}
    assert stack.teardown().residue == ()


def test_a_teardown_does_without_a_record_that_can_be_read(stack):
    """It goes by label and field manager, and says what it could not know."""
    recorded_twice(stack)
    copy = parts(stack).objects[1]
    copy = copy | {"metadata": copy["metadata"] | {"name": "copied"}}
    stack.client.create(f"/api/v1/namespaces/{stack.name}/configmaps", copy)
    for revision in (1, 2):
        found = stack.client.get(index_path(stack, revision))
        stack.client.replace(index_path(stack, revision), OF_INDEXES["garbage"](found))
    outcome = stack.teardown()
    assert outcome.residue == ()
    kept, copied = outcome.kept
    assert (kept.ref.kind, kept.why) == ("Namespace", UNSURE)
    assert (copied.ref.name, copied.why) == (
        "copied",
        "has the stack's label, and was not made by it",
    )
    assert any("not known without it: which namespaces" in each for each in outcome.unseen)
    (told,) = (note for note in stack.notes if "garbage" not in note)
    assert f"stackctl.{stack.name}.v2: cannot be read" in told
    assert stack.get("configmaps/two") is None
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_what_a_lost_record_named_is_pruned_after_a_question_of_its_own(stack):
    """Without a yes it stays, and every run says so."""
    recorded_twice(stack)
    recording.forget(stack.client, stack.id)
    assert stack.deploy(parts(stack, "three")).plan.counts[Action.PRUNE] == 0
    assert stack.get("configmaps/two") is not None
    (note,) = stack.notes
    assert f"ConfigMap/{stack.name}/two" in note
    assert "--prune-unrecorded" in note
    asked: list[str] = []

    def agree(strays: Any, _target: Any) -> bool:
        asked.extend(each.ref.name for each in strays)
        return True

    outcome = stack.deploy(parts(stack, "three"), agree_strays=agree)
    assert asked == ["two"]
    assert outcome.plan.counts[Action.PRUNE] == 1
    assert stack.get("configmaps/two") is None
    assert stack.deploy(parts(stack, "three"), agree_strays=agree).release is None


def test_a_newest_revision_that_was_deleted_by_hand_is_noticed(stack):
    """The sign tells that there was one; what only it named is found by what the objects say."""
    recorded_twice(stack)
    stack.client.delete(index_path(stack, 2))
    assert any(f"stackctl.{stack.name}.v2: is gone" in each for each in check(stack))
    intent = planned(stack, parts(stack))
    assert [each.ref.name for each in intent.strays] == ["two"]
    assert not intent.settled  # or it would be noticed for ever
    notes = stack.notes
    assert f"stack {stack.name}: revision 2 was recorded and is gone" in notes
    found = status(stack.id, stack.connection)
    assert found.run is not None
    assert not found.current
    assert f"stackctl.{stack.name}.v2 is gone" in found.run.message
    assert found.run.hint == f"stackctl record repair --stack {stack.name}"
    stack.told.clear()
    history(stack.id, stack.connection, stack.tell)
    assert [f"stackctl.{stack.name}.v2: is gone" in each for each in stack.notes] == [True]


def test_the_way_back_from_a_deleted_newest_revision_is_the_one_before(stack):
    """What is there now is what the lost one applied, not what the last that is left did."""
    recorded_twice(stack)
    stack.client.delete(index_path(stack, 2))
    assert stack.rollback(prune_unrecorded=True).release.command == "rollback 1"
    assert stack.get("configmaps/x")["data"] == {"key": "one"}
    assert stack.get("configmaps/two") is None


def test_a_teardown_takes_what_a_lost_revision_made_anew(stack):
    """It has another uid than the one before recorded, and says itself that the stack wrote it."""
    recorded_twice(stack)
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    stack.client.delete(f"{path}/x")
    stack.deploy(parts(stack, "three"))
    stack.client.delete(index_path(stack, 3))
    assert stack.teardown().residue == ()
    assert stack.get("configmaps/x") is None


def test_a_teardown_takes_what_only_a_deleted_newest_revision_named(stack):
    """The revision before it can be read, and does not know of everything."""
    recorded_twice(stack)
    stack.client.delete(index_path(stack, 2))
    found = stack.teardown()
    assert found.residue == ()
    assert stack.get("configmaps/two") is None
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None
    assert found.unseen == (UNKNOWN,)


def test_an_inventory_that_has_lost_something_is_mended_by_a_deploy_that_changes_nothing(stack):
    """It can be read, and what it does not name would stay for ever."""
    recorded_twice(stack)
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    whole = {entry.ref for entry in recorded.release.inventory}
    recording.update(stack.client, recorded, replace(recorded.release, inventory=()))
    assert stack.deploy(parts(stack, "two")).release is not None
    made = releases.current(stack.client, stack.id).release
    assert {entry.ref for entry in made.inventory} == whole
    assert stack.deploy(parts(stack, "two")).release is None


def test_what_an_inventory_misses_is_found_and_goes_with_the_rest(stack):
    """A teardown names what it did not know of, with the command that makes it known."""
    elsewhere = stack.config("x") | {"metadata": {"name": stack.name, "namespace": "default"}}
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), elsewhere))
    recorded = releases.current(stack.client, stack.id)
    assert recorded is not None
    known = tuple(each for each in recorded.release.inventory if each.ref.namespace != "default")
    recording.update(stack.client, recorded, replace(recorded.release, inventory=known))
    named = f"ConfigMap/default/{stack.name}"
    (fault,) = check(stack)
    assert f"does not name what the stack has made: {named}" in fault
    (left,) = stack.teardown().residue
    mends = f"stackctl record repair --stack {stack.name}"
    assert (str(left.ref), left.why) == (named, f"still there, and not on record: {mends}")
    assert repair(stack).left == ()
    assert check(stack) == []
    assert stack.teardown().residue == ()
    assert stack.client.get(f"/api/v1/namespaces/default/configmaps/{stack.name}") is None


def test_an_inventory_larger_than_an_object_is_cut_into_parts(stack):
    """Thirty thousand objects are recorded, read back, and their parts go with their revision."""
    stack.deploy(parts(stack))
    recorded = releases.current(stack.client, stack.id)
    many = tuple(
        Entry(
            Ref("", "ConfigMap", stack.name, f"object-{digest(n)}"),
            "a",
            "v1",
            uid=digest([n]),
            owned=digest(-n),
        )
        for n in range(30_000)
    )
    assert recorded is not None
    large = replace(recorded.release, inventory=(*recorded.release.inventory, *many))
    assert len(encode(large)) > 1024 * 1024
    written = recording.update(stack.client, recorded, large)
    assert releases.current(stack.client, stack.id).release == large
    configs = stack.client.list(store.indexes_of(stack.id), labels=store.mine(stack.id)).items
    assert max(len(json.dumps(each)) for each in configs) < 900 * 1024
    recording.update(stack.client, written, recorded.release)
    stack.deploy(parts(stack, "two"))
    labels = store.mine(stack.id, indexes.PART_LABEL)
    assert stack.client.list(store.indexes_of(stack.id), labels=labels).items == ()


def test_a_later_format_is_refused_by_name_and_nothing_is_touched(stack):
    """By every command, repair and teardown included."""
    recorded_twice(stack)
    with damaged(stack, index_path(stack, 2), OF_INDEXES["a later format"]):
        acts = commands(stack) | {
            "deploy": lambda: stack.deploy(parts(stack)),
            "repair": lambda: repair(stack),
            "teardown": stack.teardown,
        }
        for act in acts.values():
            with pytest.raises(LaterFormat, match="v2: recorded by a later stackctl"):
                act()
        assert stack.get("configmaps/two") is not None


def test_a_record_that_takes_no_more_is_told_from_a_failure(stack):
    """Everything is applied: the message says so, what is not recorded, and how to go on."""
    with refused(stack), pytest.raises(ApplyError) as failed:
        stack.deploy(parts(stack))
    assert "everything is applied, and that could not be recorded" in str(failed.value)
    assert "revision 1 stays pending-install" in str(failed.value)
    assert stack.get("configmaps/x") is not None
    stack.deploy(parts(stack))
    assert releases.current(stack.client, stack.id).release.status == "deployed"


@contextmanager
def refused(stack: Stack) -> Iterator[None]:
    """Let the API server refuse records, as a full one does."""
    name, api = f"full-{stack.name}", "admissionregistration.k8s.io/v1"
    path = f"/apis/{api}"
    policy = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["configmaps"],
                    }
                ]
            },
            "matchConditions": [
                {
                    "name": "mine",
                    "expression": f"object.metadata.name.startsWith('stackctl.{stack.name}.v')",
                }
            ],
            "validations": [{"expression": "false", "message": "full"}],
        },
    }
    binding = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    stack.client.create(f"{path}/validatingadmissionpolicies", policy)
    stack.client.create(f"{path}/validatingadmissionpolicybindings", binding)
    metadata = {"name": f"stackctl.{stack.name}.v0", "namespace": "default"}
    probe = stack.config("probe") | {"metadata": metadata}
    stack.client.create("/api/v1/namespaces/default/configmaps", probe)
    where = f"/api/v1/namespaces/default/configmaps/stackctl.{stack.name}.v0"
    turn = 0
    while True:  # the API server takes a moment over a policy
        turn += 1
        try:
            stack.client.patch(where, {"data": {"turn": str(turn)}})
        except StackError:
            break
    yield
    stack.client.delete(f"{path}/validatingadmissionpolicybindings/{name}")
    stack.client.delete(f"{path}/validatingadmissionpolicies/{name}")
    while True:
        turn += 1
        try:
            stack.client.patch(where, {"data": {"turn": str(turn)}})
        except StackError:
            continue
        break
    stack.client.delete(where)
