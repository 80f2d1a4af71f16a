"""What is known of a cluster's objects while a run waits for them."""

from stackctl.api.store import ObjectStore
from stackctl.model.objects.refs import ref_of


def job(uid: str) -> dict[str, object]:
    metadata = {"name": "once", "namespace": "ml", "uid": uid}
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
