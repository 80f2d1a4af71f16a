"""A plan made now and carried out later does exactly what it says, or nothing."""

import pytest

from stackctl.errors import ConflictError
from stackctl.model.release.release import ReleaseStatus
from stackctl.sources.planfile import read_plan
from tests.apiserver.stacks import Stack


def parts(stack: Stack, value: str = "new"):
    return stack.part("a", stack.namespace(), stack.config("x", key=value), stack.config("y"))


@pytest.fixture
def planned(stack, tmp_path):
    """A stack that is there, and a plan to change one of its objects."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x"), stack.config("y")))
    path = tmp_path / "plan.json"
    assert stack.deploy(parts(stack), dry_run=True, plan=path).release is None
    assert stack.get("configmaps/x")["data"] == {"key": "value"}
    return path


def edit(stack: Stack, name: str, body: bytes) -> None:
    stack.client.request(
        "PATCH",
        f"/api/v1/namespaces/{stack.name}/configmaps/{name}",
        query={"fieldManager": "kubectl-edit"},
        body=body,
        content_type="application/merge-patch+json",
    )


def test_a_plan_that_still_holds_is_carried_out(stack, planned):
    """Nothing is different, so that what was agreed to happens."""
    outcome = stack.deploy(parts(stack), plan=planned)
    assert outcome.release.status is ReleaseStatus.DEPLOYED
    assert stack.get("configmaps/x")["data"] == {"key": "new"}


def test_a_plan_is_not_carried_out_twice(stack, planned):
    """It starts from a revision that is no longer the newest."""
    stack.deploy(parts(stack), plan=planned)
    with pytest.raises(ConflictError, match="starts from revision 1, the newest is 2"):
        stack.deploy(parts(stack), plan=planned)


def test_another_content_is_refused_and_only_that_is_shown(stack, planned):
    """One line for one object; nothing is touched."""
    with pytest.raises(ConflictError) as refused:
        stack.deploy(parts(stack, "other"), plan=planned)
    _, *lines = str(refused.value).splitlines()
    assert lines == [f"  ConfigMap/{stack.name}/x: update as planned, but to another content"]
    assert stack.get("configmaps/x")["data"] == {"key": "value"}


def test_what_somebody_changed_in_between_is_refused(stack, planned):
    """An edit of an object of the plan, and one of an object it would have left alone."""
    edit(stack, "x", b'{"data":{"key":"by hand"}}')
    edit(stack, "y", b'{"data":{"key":"by hand"}}')
    with pytest.raises(ConflictError) as refused:
        stack.deploy(parts(stack), plan=planned)
    _, first, second = str(refused.value).splitlines()
    assert first.endswith("/x: update as planned, but it was changed on the cluster since")
    assert second.endswith("/y: unchanged was planned, now it is update")


def test_what_others_do_with_their_own_fields_is_no_difference(stack, planned):
    """An annotation that somebody added is none of the plan's business."""
    edit(stack, "x", b'{"metadata":{"annotations":{"team":"ml"}}}')
    assert stack.deploy(parts(stack), plan=planned).release is not None


def test_an_object_made_again_in_between_is_refused(stack, planned):
    """The same name is not the same object."""
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    live = stack.get("configmaps/x")
    stack.client.delete(f"{path}/x")
    metadata = {"name": "x", "namespace": stack.name, "labels": live["metadata"]["labels"]}
    stack.client.create(path, live | {"metadata": metadata})
    with pytest.raises(ConflictError, match=r"/x\b"):
        stack.deploy(parts(stack), plan=planned)


def test_the_file_holds_no_values(stack, planned):
    """Digests and names only: whoever reads it learns no secret."""
    assert '"new"' not in planned.read_text()
    assert read_plan(planned).base.stack == stack.id
