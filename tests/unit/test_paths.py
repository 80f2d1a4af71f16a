"""Paths are read, written and followed; changing along them leaves the old value alone."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.objects.paths import (
    MISSING,
    Match,
    PathError,
    exists,
    get,
    parse,
    put,
    remove,
    show,
)

OBJECT = {
    "spec": {
        "replicas": 1,
        "0": "zero",
        "containers": [
            {"name": "a", "args": ["x", "y"]},
            {"name": "b/c.d", "image": "i"},
        ],
    },
    "metadata": {"annotations": {"a.b/c": "d", "empty": None}},
}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("list.0.x", ("list", "0", "x")),
        ("list[0]", ("list", 0)),
        ("list[0][1].x", ("list", 0, 1, "x")),
        ("list[name=a].image", ("list", Match("name", "a"), "image")),
        ("webhooks[name=v.b-c.d.io].x", ("webhooks", Match("name", "v.b-c.d.io"), "x")),
        ('list[name="a]b"].x', ("list", Match("name", "a]b"), "x")),
        ('a["b.c/d"].e', ("a", "b.c/d", "e")),
        ("a['b.c']", ("a", "b.c")),
        (r'a["q\"b"]', ("a", 'q"b')),
        ("a-b/c_d", ("a-b/c_d",)),
    ],
)
def test_texts_are_paths(text, path):
    """Each way to write a step has one meaning."""
    assert parse(text) == path
    assert parse(show(path)) == path


@pytest.mark.parametrize(
    "text", ["", ".a", "a.", "a..b", "a[", "a[x]", "a b", "a[0", "[0]x", 'a"b']
)
def test_other_texts_are_not(text):
    """What is no path is refused with the rest that makes no sense."""
    with pytest.raises(PathError, match="is not a path"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spec.replicas", 1),
        ("spec.0", "zero"),
        ("spec.containers.0.name", "a"),
        ("spec.containers[1].image", "i"),
        ("spec.containers[name=b/c.d].image", "i"),
        ("spec.containers[name=a].args.1", "y"),
        ('metadata.annotations["a.b/c"]', "d"),
        ("metadata.annotations.empty", None),
        ("spec.none", MISSING),
        ("spec.replicas.more", MISSING),
        ("spec.containers.2", MISSING),
        ("spec.containers.name", MISSING),
        ("spec.containers[name=z]", MISSING),
        ("spec[0]", MISSING),
    ],
)
def test_paths_lead_to_values(text, found):
    """What is not there is missing, which is not null."""
    assert get(OBJECT, parse(text)) == found
    assert exists(OBJECT, parse(text)) == (found is not MISSING)


@pytest.mark.parametrize(
    "text",
    ["spec.replicas", "spec.new.deep", "spec.containers.0.args.0", "spec.containers[name=a].new"],
)
def test_putting_changes_that_value_and_nothing_else(text):
    """The old object stays as it was, and what is off the path is shared."""
    before = deepcopy(OBJECT)
    changed = put(OBJECT, parse(text), "new")
    assert get(changed, parse(text)) == "new"
    assert before == OBJECT
    assert changed["metadata"] is OBJECT["metadata"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("spec.replicas.x", "spec.replicas.x: int has no fields"),
        ("spec.containers.2", "spec.containers.2: no such element among 2"),
        ("spec.containers[name=z].x", r"spec.containers\[name=z\]: no such element among 2"),
        ("spec[0]", r"spec\[0\]: a map has no elements"),
    ],
)
def test_putting_where_nothing_can_be_is_refused(text, problem):
    """A path through something that is no collection is a mistake."""
    with pytest.raises(PathError, match=problem):
        put(OBJECT, parse(text), "new")


def test_removing_takes_out_one_value():
    """A key or an element goes, the rest stays."""
    assert exists(remove(OBJECT, parse("spec.replicas")), parse("spec.containers"))
    assert len(remove(OBJECT, parse("spec.containers[name=a]"))["spec"]["containers"]) == 1
    with pytest.raises(PathError, match="nothing there"):
        remove(OBJECT, parse("spec.none"))


KEYS = st.text(min_size=1, max_size=6)


@given(st.lists(KEYS, min_size=1, max_size=5), st.integers())
def test_what_is_put_is_found_again(keys, value):
    """Any keys make a path, through its text and back."""
    path = parse(show(tuple(keys)))
    assert get(put({}, path, value), path) == value
