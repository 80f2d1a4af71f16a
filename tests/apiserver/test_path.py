"""The example from data to a twin, step by step, as its README has it."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.api.client import Client
from stackctl.errors import Rejected
from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest
from stackctl.sources.components import read_objects
from tests.apiserver.scenery import until
from tests.apiserver.shipped import connected, redeployed, torn_down

pytestmark = pytest.mark.timeout(900)  # so much is deployed first
EXAMPLE = Path(__file__).parents[2] / "examples" / "path"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision"}}
TWIN = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "twin", "namespace": "vision"},
    "stringData": {"password": "for-the-test"},
}
# By kind, what says that a step is done.
DONE: dict[str, tuple[str, Any]] = {
    "SparkApplication": ("status.applicationState.state", "COMPLETED"),
    "TFJob": ("status.conditions", "Succeeded"),
    "Job": ("status.conditions", "Complete"),
    "InferenceService": ("status.conditions", "Ready"),
    "InferenceGraph": ("status.conditions", "Ready"),
}


class Walk:
    """Does what the README says with kubectl."""

    def __init__(self, connection: Any) -> None:
        self.client: Client = connection.client
        self.discovery = connection.discovery

    def apply(self, manifest: Manifest) -> None:
        """Send an object as kubectl does."""
        self.client.apply(self._path(manifest), manifest, manager="kubectl", force=True)

    def is_done(self, manifest: Manifest) -> bool:
        """Tell whether what was applied has come to its end, or needs none."""
        if (goal := DONE.get(manifest["kind"])) is None:
            return True
        live = self.client.get(self._path(manifest)) or {}
        found = paths.get(live, paths.parse(goal[0]), None) or ()
        if isinstance(found, str):
            return bool(found == goal[1])
        return any(each["type"] == goal[1] and each["status"] == "True" for each in found)

    def _path(self, manifest: Manifest) -> str:
        return str(self.discovery.path_of(manifest))


@pytest.fixture(scope="module")
def walk(kubeconfig: Path) -> Iterator[Walk]:
    """The stack of the example, deployed for a team's namespace."""
    request = StackRequest(stack_file=EXAMPLE / "stack.yaml")
    with connected(kubeconfig) as connection:
        made = Walk(connection)
        made.apply(NAMESPACE)
        try:
            redeployed(request, connection)
            yield made
        finally:
            gone = torn_down(compose_stack(request).stack, connection)
        assert gone.residue == ()


def steps(name: str) -> list[Manifest]:
    """Read the objects of a step."""
    return read_objects(EXAMPLE / name)


def test_data_becomes_a_model_that_is_served_and_told_to_a_twin(walk):
    """One step after the other, each when the one before is done; what is refused is refused."""
    walk.apply(TWIN)
    for path in sorted(EXAMPLE.glob("[0-9]-*.yaml")):
        if path.name == "7-refused.yaml":
            with pytest.raises(Rejected, match=r"stackctl\.dev/sign-off"):
                walk.apply(*steps(path.name))
            continue
        for manifest in steps(path.name):
            walk.apply(manifest)
        for manifest in steps(path.name):
            until(partial(walk.is_done, manifest))


def test_the_readme_has_every_step():
    """A file that nobody is told to apply would be no step."""
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    said = re.findall(r"`kubectl apply -f (\d-\w+\.yaml)`", text)
    assert said == sorted(path.name for path in EXAMPLE.glob("[0-9]-*.yaml"))
