"""What of a Secret may be seen: keys and changes, no value and no copy of one."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.compose.diff import MISSING, Difference, differences
from stackctl.model.objects.masking import mask, mask_changes
from stackctl.model.ownership.managed_fields import LAST_APPLIED


def secret(annotations: Any = None, **fields: Any) -> dict[str, Any]:
    metadata = {"name": "s", "namespace": "ml"}
    if annotations is not None:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **fields}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def shown(annotations: dict[str, str], **fields: Any) -> dict[str, str]:
    """The annotations of a Secret as they may be seen."""
    found: dict[str, str] = mask(secret(annotations, **fields))["metadata"]["annotations"]
    return found


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (LAST_APPLIED, '{"data":{"password":"b2xk"}}'),
        ("kapp.k14s.io/original", "apiVersion: v1\nkind: Secret\nstringData: {password: old}"),
        ("example.com/previous", "a value from before the last rotation"),
        ("example.com/copy", "hunter2"),
        ("example.com/copy", encoded("hunter2")),
        ("helm.sh/note", f"password: {encoded('hunter2')}"),
        ("cert-manager.io/note", "it is hunter2"),
    ],
)
def test_an_annotation_that_may_hold_a_copy_is_masked(key, text):
    """Documents, former values, and, whoever wrote it, a value in it, plain or in base64."""
    assert shown({key: text}, data={"password": encoded("hunter2")}) == {key: "<masked>"}
    assert shown({key: text}, stringData={"password": "hunter2"}) == {key: "<masked>"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("meta.helm.sh/release-name", "spark"),
        ("argocd.argoproj.io/sync-wave", "-5"),
        ("kubernetes.io/service-account.name", "spark"),
        ("example.com/replicate", "true"),
    ],
)
def test_an_annotation_that_holds_no_copy_can_be_read(key, text):
    """What known tools say of a Secret, and yes or no."""
    assert shown({key: text}, data={"password": encoded("hunter2")}) == {key: text}


def test_a_changed_annotation_says_so_and_no_more():
    """A copy of the value before is masked beside the new value too."""
    key = "cert-manager.io/note"
    before = secret({key: "hunter2"}, data={"password": encoded("hunter2")})
    after = secret({key: "none"}, data={"password": encoded("hunter3")})
    assert differences(before, after) == (
        Difference(f'metadata.annotations["{key}"]', "<masked, before>", "<masked, after>"),
        Difference("data.password", "<masked, before>", "<masked, after>"),
    )
    assert differences(secret(), secret({"example.com/copy": "hunter2"})) == (
        Difference("metadata.annotations", MISSING, {"example.com/copy": "<masked>"}),
    )


@pytest.mark.parametrize("broken", ["hunter2", ["hunter2"], 12345])
def test_what_no_secret_can_be_shows_nothing_either(broken):
    """A file may hold anything where the values belong."""
    found = mask(secret(broken, data=broken, stringData=broken))
    assert (found["data"], found["stringData"]) == ("<masked>", "<masked>")
    assert found["metadata"]["annotations"] == "<masked>"


def test_other_kinds_are_left_alone():
    """A ConfigMap is there to be read."""
    config = {"kind": "ConfigMap", "metadata": {"annotations": {"a": "b"}}, "data": {"a": "b"}}
    assert mask(config) == config


MARKERS = {"<masked>", "<masked, before>", "<masked, after>"}
WORDS = st.text(min_size=1, max_size=12)
KEYS = st.sampled_from(["a", "b.c", "tls.crt"])
OWNERS = st.sampled_from(["helm.sh/a", "cert-manager.io/b", LAST_APPLIED, "example.com/c", "d"])


@given(
    old=st.dictionaries(KEYS, WORDS),
    new=st.dictionaries(KEYS, WORDS),
    copied=st.dictionaries(OWNERS, st.tuples(WORDS, st.sampled_from(range(4)))),
    where=st.sampled_from(["data", "stringData"]),
)
def test_no_value_of_either_version_shows_anywhere(old, new, copied, where):
    """Whatever the values are, and whatever copies of them the annotations hold."""
    values = [*old.values(), *new.values()]
    annotations = {
        key: before + [text, encoded(text), json.dumps({"a": text}), ""][form] + before
        for (key, (before, form)), text in zip(copied.items(), values, strict=False)
    }

    def version(content: dict[str, str]) -> dict[str, Any]:
        plain = where == "stringData"
        return secret(annotations, **{where: content if plain else each_encoded(content)})

    for masked in mask_changes(version(old), version(new)):
        assert set(masked[where].values()) <= MARKERS
        visible = set(masked["metadata"]["annotations"].values()) - MARKERS
        for value in values:
            assert not [each for each in visible if value in each or encoded(value) in each]


def each_encoded(content: dict[str, str]) -> dict[str, str]:
    return {key: encoded(text) for key, text in content.items()}
