"""Differences between two versions of an object, and what must not show in them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.compose.diff import MISSING, Difference, differences
from stackctl.model.objects import paths


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "namespace": "ml"},
        "spec": spec,
    }


def secret(data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "s", "namespace": "ml"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def test_equal_objects_have_no_differences():
    """An object compared with itself differs in nothing."""
    assert differences(deployment(replicas=1), deployment(replicas=1)) == ()


def test_a_changed_field_is_named_by_its_path():
    """A scalar that changed is one difference with both values."""
    assert differences(deployment(replicas=1), deployment(replicas=3)) == (
        Difference("spec.replicas", 1, 3),
    )


def test_server_metadata_and_status_are_left_out():
    """What only the server writes is never a difference."""
    old, new = deployment(replicas=1), deployment(replicas=1) | {"status": {"replicas": 1}}
    new["metadata"] = new["metadata"] | {"resourceVersion": "7", "uid": "u", "generation": 2}
    assert differences(old, new) == ()


def test_lists_merged_by_name_are_compared_by_name():
    """A reordered container list is equal, and a changed element is named by its key."""
    a, b = {"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}
    assert differences(deployment(containers=[a, b]), deployment(containers=[b, a])) == ()
    changed = differences(
        deployment(containers=[a, b]), deployment(containers=[a, b | {"image": "b:2"}])
    )
    assert changed == (Difference("spec.containers[name=b].image", "b:1", "b:2"),)


def test_plain_lists_are_compared_by_position():
    """An argument that was added shows where it stands."""
    assert differences(deployment(args=["-a"]), deployment(args=["-a", "-b"])) == (
        Difference("spec.args[1]", MISSING, "-b"),
    )
    before, after = ["-a", "-b", "-c"], ["-a", "-x", "-b", "-c"]
    assert differences(deployment(args=before), deployment(args=after)) == (
        Difference("spec.args[1]", MISSING, "-x"),
    )
    assert differences(deployment(args=after), deployment(args=before)) == (
        Difference("spec.args[1]", "-x", MISSING),
    )
    assert differences(deployment(args=["-a", "-b"]), deployment(args=["-c", "-b"])) == (
        Difference("spec.args[0]", "-a", "-c"),
    )


def test_arguments_between_others_that_stay_show_alone():
    """Wherever they are: one flag more moves the others, and changes none."""
    before = ["-a", "-b", "-c", "-d", "-e", "-f"]
    after = ["-a", "-new", "-b", "-c", "-D", "-e", "-more", "-f"]
    told = (
        ("spec.args[1]", "", "-new"),
        ("spec.args[4]", "-d", "-D"),
        ("spec.args[6]", "", "-more"),
    )
    there = differences(deployment(args=before), deployment(args=after))
    assert there == tuple(Difference(path, old or MISSING, new) for path, old, new in told)
    back = differences(deployment(args=after), deployment(args=before))
    assert back == tuple(Difference(path, new, old or MISSING) for path, old, new in told)


def test_notes_of_the_control_plane_are_no_differences():
    """Nobody has set them, and they follow from what differs besides."""
    old, new = deployment(replicas=1), deployment(replicas=2)
    notes = {
        "deprecated.daemonset.template.generation": "1",
        "deployment.kubernetes.io/revision": "3",
    }
    old["metadata"] = old["metadata"] | {"annotations": notes}
    assert differences(old, new) == (Difference("spec.replicas", 1, 2),)
    new["metadata"] = new["metadata"] | {"annotations": {**notes, "mine": "1"}}
    new["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    found = [each.path for each in differences(old | {"spec": new["spec"]}, new)]
    assert found in (["metadata.annotations"], ["metadata.annotations.mine"])


def test_keys_with_dots_are_quoted():
    """A label's key stays readable in a path."""
    old, new = deployment(), deployment()
    new["metadata"] = new["metadata"] | {"labels": {"a.b/c": "1"}}
    assert differences(old | {"metadata": old["metadata"] | {"labels": {}}}, new) == (
        Difference('metadata.labels["a.b/c"]', MISSING, "1"),
    )


def test_secret_values_never_show_but_their_change_does():
    """Equal values are masked alike, changed ones say so, and no value is in the text."""
    found = differences(secret({"a": "b25l", "b": "dHdv"}), secret({"a": "b25l", "b": "ZHJlaQ=="}))
    assert found == (Difference("data.b", "<masked, before>", "<masked, after>"),)


def test_a_key_added_to_a_secret_is_masked():
    """A value that appears is hidden as well."""
    assert differences(secret({}), secret({"x.y": "c2VjcmV0"})) == (
        Difference('data["x.y"]', MISSING, "<masked>"),
    )


SPECS = st.recursive(
    st.integers(min_value=2) | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c.d", "e/f"]), inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from(["a", "b", "c.d"]), SPECS, max_size=3)


@given(MAPS, MAPS)
def test_differences_lead_from_one_version_to_the_other(before, after):
    """Each names its place exactly; nothing that differs is left out."""
    old, new = deployment(**before), deployment(**after)
    for each in differences(old, new):
        place = paths.parse(each.path)
        old = paths.remove(old, place) if each.new is MISSING else paths.put(old, place, each.new)
    assert old == new


@given(MAPS, MAPS)
def test_differences_are_the_same_seen_from_either_side(before, after):
    """Where they are does not depend on the direction, and what was becomes what is."""
    there = differences(deployment(**before), deployment(**after))
    back = differences(deployment(**after), deployment(**before))
    assert {(each.path, each.old, each.new) for each in map(hashable, there)} == {
        (each.path, each.new, each.old) for each in map(hashable, back)
    }


def hashable(each: Difference) -> Difference:
    return Difference(each.path, repr(each.old), repr(each.new))
