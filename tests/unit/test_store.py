"""What is known of a cluster's objects, and who is woken when it changes."""

import threading
from typing import Any

from stackctl.api.store import ObjectStore
from stackctl.model.objects.refs import ref_of


def job(uid: str, owner: str = "") -> dict[str, Any]:
    owners = [{"uid": owner, "controller": True}] if owner else []
    metadata = {"name": "once", "namespace": "ml", "uid": uid, "ownerReferences": owners}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}


def test_an_old_answer_does_not_bring_back_what_was_deleted():
    """An answer may be older than the deletion that was seen after it; a new object is not."""
    store = ObjectStore(keeps_deleted=True)
    store.put(job("a"))
    store.remove(job("a"))
    store.offer(job("a"))
    assert store.get(ref_of(job("a"))) is None
    store.offer(job("b"))
    assert store.get(ref_of(job("b"))) == job("b")


def test_what_takes_the_place_of_another_is_not_its_controllers():
    """A controller's objects are those that are there, whoever had their names before."""
    store = ObjectStore()
    store.put(job("a", owner="x"))
    store.put(job("b", owner="y"))
    assert (store.owned("x"), store.owned("y")) == ((), (job("b", owner="y"),))


def test_only_what_is_wanted_wakes():
    """A change rings those who want it, and none of them after their block has ended."""
    store, stop = ObjectStore(), threading.Event()
    with (
        store.waking(lambda obj: obj["metadata"]["uid"] == "a") as mine,
        store.waking(lambda _: False) as others,
    ):
        store.put(job("a"))
        assert mine._changed.is_set()
        assert not others._changed.is_set()
        mine.wait(0, stop)
    store.put(job("a"))
    assert not mine._changed.is_set()


def test_what_is_settled_is_owned_and_has_nothing_to_say():
    """Until it changes again, or is gone; so a look costs what is open, not what is there."""
    store = ObjectStore(settled=lambda obj: bool(obj.get("well")))
    store.put(job("a", owner="x"))
    store.put(job("b", owner="x") | {"metadata": job("b", owner="x")["metadata"] | {"name": "b"}})
    well = job("a", owner="x") | {"well": True}
    store.put(well)
    assert len(tuple(store.owned("x"))) == 2
    assert [each["metadata"]["uid"] for each in store.unsettled("x")] == ["b"]
    store.put(job("a", owner="x"))
    assert {each["metadata"]["uid"] for each in store.unsettled("x")} == {"a", "b"}
    store.remove(job("a", owner="x"))
    assert [each["metadata"]["uid"] for each in store.unsettled("x")] == ["b"]
