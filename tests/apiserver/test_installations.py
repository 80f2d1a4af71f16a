"""What was installed by other means is found before anything is touched, and looked for once."""

from dataclasses import replace

import pytest

from stackctl.errors import PreflightError
from stackctl.model.catalogue.component import Detect, Mode
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.run.events import Notice
from tests.apiserver.stacks import Stack


def install(stack: Stack) -> None:
    """Let somebody else run it, in a namespace that is there."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stack.name}}
    stack.client.apply(f"/api/v1/namespaces/{stack.name}", space, manager="helm")
    path = f"/apis/apps/v1/namespaces/{stack.name}/daemonsets/theirs"
    stack.client.apply(path, theirs(stack), manager="helm")


def theirs(stack: Stack) -> Manifest:
    """Make a DaemonSet of somebody else's; no other test knows its image."""
    pod = {"containers": [{"name": "c", "image": f"mirror.example.com/{stack.name}/plugin:v1"}]}
    labels = {"app": "theirs"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "theirs", "namespace": stack.name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def plugin(stack: Stack, **fields: object) -> BundleComponent:
    """Make a component that such an image gives away."""
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "plugin", "namespace": stack.name},
    }
    return stack.part("plugin", settings, signs=Detect(images=(f"{stack.name}/plugin",)), **fields)


def test_a_second_installation_is_found_before_anything_is_touched(stack):
    """It is named with its image and its maker; adopting goes on and says that there are two."""
    install(stack)
    with pytest.raises(
        PreflightError, match=f"DaemonSet/{stack.name}/theirs runs .*, made by helm"
    ):
        stack.deploy(plugin(stack))
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}/configmaps/plugin") is None

    stack.deploy(plugin(stack, mode=Mode.ADOPTED))
    notes = [each.text for each in stack.told if isinstance(each, Notice)]
    assert any("it is not taken over" in text for text in notes)


def test_who_does_what_a_feature_is_for_is_found_as_well(stack):
    """Nothing is touched either, and the way out is the feature's."""
    install(stack)
    signs = {"jobs": Detect(images=(f"{stack.name}/plugin",))}
    asked = replace(plugin(stack), signs=Detect(), feature_signs=signs)
    with pytest.raises(PreflightError, match="what its feature jobs is for is there already"):
        stack.deploy(asked)
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}/configmaps/plugin") is None


def test_a_component_that_is_on_record_is_not_looked_for_again(stack):
    """What comes later is its owner's affair; a run with nothing to do asks for no workloads."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stack.name}}
    stack.client.apply(f"/api/v1/namespaces/{stack.name}", space, manager="helm")
    stack.deploy(plugin(stack))
    install(stack)
    stack.deploy(plugin(stack))
