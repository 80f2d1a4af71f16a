"""Smoke tests: what proves that a component works comes, is waited for, and goes again."""

import pytest

from stackctl.actions.deploy import deploy
from stackctl.actions.smoke import smoke
from stackctl.actions.stacks import stacks_meant
from stackctl.api.client import Client
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.record import releases
from stackctl.errors import ConfigError, ReleaseError
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import SmokeOutcome
from stackctl.sources import yaml
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack

OPTIONS = RunOptions(timeout=60.0, holder="tester@here")


def job(stack: Stack, image: str = "registry.example.com/ok:1") -> Manifest:
    """Write a Job that ends at once on a sandbox, if its image is there."""
    container = {"name": "prove", "image": image}
    pod = {"restartPolicy": "Never", "containers": [container]}
    metadata = {"name": "prove", "namespace": stack.name}
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


class Trying:
    """A stack of two components, of which one can be proven."""

    def __init__(self, stack: Stack, shelf: Shelf) -> None:
        self.stack = stack
        self.shelf = shelf
        shelf.put("app", "1.0.0", stack.namespace(), stack.config("app", key="v"))
        shelf.put("bare", "1.0.0", stack.namespace(), stack.config("bare", key="v"))
        self.prove(job(stack))

    def prove(self, manifest: Manifest) -> None:
        """Say what proves that the app works."""
        folder = self.shelf.folder / "manifests" / "app" / "smoke"
        folder.mkdir(exist_ok=True)
        (folder / "prove.yaml").write_text(yaml.dump(manifest))

    def deploy(self) -> None:
        """Bring both there."""
        deploy(
            self.shelf.request(),
            self.stack.connection,
            agree=lambda *_: True,
            notify=self.stack.tell,
            options=OPTIONS,
        )

    def smoke(self, *names: str, agree: bool = True, **options: object) -> SmokeOutcome:
        """Run the smoke tests."""
        return smoke(
            self.shelf.request(),
            names,
            self.stack.connection,
            agree=lambda *_: agree,
            notify=self.stack.tell,
            options=RunOptions(**{"timeout": 60.0, "holder": "tester@here"} | options),  # type: ignore[arg-type]
        )


@pytest.fixture
def trying(stack, tmp_path):
    """A stack that is deployed."""
    made = Trying(stack, Shelf(tmp_path, stack.name))
    made.deploy()
    return made


def is_there(client: Client, namespace: str) -> bool:
    """Tell whether the Job of the test is there."""
    return client.get(f"/apis/batch/v1/namespaces/{namespace}/jobs/prove") is not None


def trial(stack: Stack) -> StackId:
    """Return the stack that the test is while it is there."""
    return StackId.for_smoke("app", stack.home)


def test_what_passes_leaves_nothing(stack, trying):
    """Neither an object nor a record; the stack itself is as it was."""
    before = releases.current(stack.client, stack.id)
    found = trying.smoke()
    assert [(each.component, each.passed) for each in found.results] == [("app", True)]
    assert found.without == ("bare",)
    assert not is_there(stack.client, stack.name)
    assert releases.current(stack.client, trial(stack)) is None
    assert releases.current(stack.client, stack.id) == before


def test_what_fails_stays_to_be_looked_at_until_the_next_try(stack, trying):
    """With the reason; it is no stack that a command means by itself."""
    trying.prove(job(stack, "registry.example.com/does-not-exist:1"))
    (failed,) = trying.smoke("app").results
    assert "ImagePullBackOff" in str(failed.failure)
    assert is_there(stack.client, stack.name)
    recorded = releases.current(stack.client, trial(stack))
    assert recorded is not None
    meant = stacks_meant(None, None, stack.connection, stack.home)
    assert stack.id in meant
    assert trial(stack) not in meant
    trying.prove(job(stack))
    (passed,) = trying.smoke("app").results
    assert passed.passed
    assert not is_there(stack.client, stack.name)


def test_nothing_is_made_without_a_yes(stack, trying):
    """Nor by a dry run, which says what would be."""
    refused = trying.smoke(agree=False)
    assert (refused.agreed, refused.results) == (False, ())
    (planned,) = trying.smoke(dry_run=True).results
    assert [str(ref) for ref in planned.objects] == [f"Job/{stack.name}/prove"]
    assert not is_there(stack.client, stack.name)


def test_somebody_elses_object_of_the_name_is_left_alone(stack, trying):
    """The test fails, and says whose it is."""
    theirs = job(stack)
    stack.client.create(f"/apis/batch/v1/namespaces/{stack.name}/jobs", theirs, manager="theirs")
    (failed,) = trying.smoke("app").results
    assert "prove" in str(failed.failure)
    assert is_there(stack.client, stack.name)


@pytest.mark.parametrize(
    ("name", "said"),
    [("bare", "bare has no smoke test"), ("ap", "no component ap; did you mean app?")],
)
def test_what_cannot_be_tried_is_refused(trying, name, said):
    """Before anything is made."""
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        trying.smoke(name)


def test_a_stack_that_is_not_there_cannot_be_tried(stack, tmp_path):
    """Nothing is deployed for it."""
    absent = Trying(stack, Shelf(tmp_path, stack.name))
    with pytest.raises(ReleaseError, match="not on"):
        absent.smoke()


def test_what_somebody_else_runs_by_now_is_not_tried(trying):
    """It is recorded still, and no business of ours."""
    trying.shelf.choose("app", mode="external")
    with pytest.raises(ConfigError, match="no component app"):
        trying.smoke("app")
    assert trying.smoke().results == ()


def test_what_there_is_no_time_for_is_said_beside_what_was_tried(stack, trying):
    """Not instead of it; and nothing of it is made."""
    (late,) = trying.smoke("app", timeout=0.0).results
    assert str(late.failure) == "not tried: time is up"
    assert not is_there(stack.client, stack.name)
