"""Secret settings in objects that are no Secrets: hidden in their place, on both sides."""

from typing import Any

import pytest

from stackctl.model.catalogue.component import Place
from stackctl.model.compose.diff import Difference, differences

OBJECT = "Deployment/x"


def deployment(value: str) -> dict[str, Any]:
    container = {
        "name": "c",
        "args": ["--level=1", f"--pin={value}"],
        "env": [{"name": "PIN", "value": value}, {"name": "A", "value": "b"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "annotations": {"pin": value}},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


@pytest.mark.parametrize(
    ("place", "path", "before"),
    [
        (Place(OBJECT, arg="--pin"), ".args[1]", "--pin="),
        (Place(OBJECT, container="c", env="PIN"), ".env[name=PIN].value", ""),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands(place, path, before):
    """Old and new, and that it changed; what is beside it can be read."""
    at = f"spec.template.spec.containers[name=c]{path}"
    found = differences(deployment("1"), deployment("2"), [place])
    assert Difference(at, f"{before}<masked, before>", f"{before}<masked, after>") in found
    assert differences(deployment("1"), deployment("1"), [place]) == ()


def test_a_field_and_a_document_are_hidden_as_well():
    """Of a document the whole text."""
    field = Place(OBJECT, path="metadata.annotations.pin")
    (found, *_) = differences(deployment("1"), deployment("2"), [field])
    assert (found.old, found.new) == ("<masked, before>", "<masked, after>")
    old, new = (
        {"kind": "ConfigMap", "metadata": {}, "data": {"a.yaml": f"pin: {n}"}} for n in "12"
    )
    place = Place("ConfigMap/x", key="a.yaml", path="pin")
    assert differences(old, new, [place]) == (
        Difference('data["a.yaml"]', "<masked, before>", "<masked, after>"),
    )


def test_a_secret_that_is_new_is_hidden_too():
    """There is nothing before it."""
    new = deployment("2")
    old = deployment("1")
    del old["metadata"]["annotations"]
    place = Place(OBJECT, path="metadata.annotations.pin")
    (found, *_) = differences(old, new, [place])
    assert found.new == {"pin": "<masked>"}
