"""YAML means what it means to kubectl, and what we write is read back the same."""

from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.errors import ConfigError
from stackctl.sources.yaml import MAX_DEPTH, dump, load, load_all
from stackctl.sources.yamltext import dump_all

# What `kubectl label --local -o json` makes of a plain scalar.
SCALARS: list[tuple[str, Any]] = [
    ("y", True), ("Y", True), ("yes", True), ("on", True), ("True", True),
    ("n", False), ("N", False), ("no", False), ("OFF", False), ("false", False),
    ("~", None), ("null", None), ("NULL", None), ("", None), ("nUll", "nUll"), ("tRue", "tRue"),
    ("010", 8), ("0755", 493), ("0o10", 8), ("0O10", 8), ("0x1f", 31), ("0b101", 5), ("-017", -15),
    ("08", 8), ("09.5", 9.5), ("+5", 5), ("-0", 0), ("1_000", 1000), ("_1", "_1"), ("0x", "0x"),
    ("1e3", 1000), ("685e48", 6.85e50), ("1e400", "1e400"), ("1.0", 1), (".5", 0.5), ("1.", 1),
    ("1e", "1e"), ("._5", "._5"), ("..", ".."), ("+.e3", "+.e3"), ("1.2.3", "1.2.3"),
    ("9223372036854775807", 9223372036854775807), ("9223372036854775808", 9.223372036854775808e18),
    ("12:30:45", "12:30:45"), ("22:22", "22:22"), ("2024-01-01", "2024-01-01"),
    ("=", "="), ("0o8", "0o8"), ("a b", "a b"), ("-x", "-x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), SCALARS)
def test_plain_scalars_mean_what_they_mean_to_kubectl(text, meant):
    """Numbers, truths, nothings and texts are told apart by go-yaml's rules."""
    found = load(f"value: {text}\n")["value"]
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize("text", ["'y'", '"08"', "!!str 1e3", "|-\n  null"])
def test_quoted_and_tagged_texts_stay_texts(text):
    """Only plain scalars are resolved."""
    assert isinstance(load(f"value: {text}\n")["value"], str)


@pytest.mark.parametrize(
    ("key", "meant"),
    [("on", "true"), ("false", "false"), ("0755", "493"), ("1.5", "1.5"), ("1e-7", "1e-07"),
     ("1234567.5", "1.2345675e+06"), ("'on'", "on")],
)  # fmt: skip
def test_keys_become_texts_as_kubectl_makes_them(key, meant):
    """A key that is no text is written out."""
    assert load(f"{key}: 1\n") == {meant: 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 'x.yaml:4: the key "c" is there twice'),
        ("true: 1\non: 2\n", 'x.yaml:2: the key "true" is there twice'),
        ("a: .inf\n", "x.yaml:1: .inf is not a number that JSON knows"),
        ("a: 1\n~: 2\n", "x.yaml:2: a key must not be empty"),
        ("a:\n- ? {b: 1}\n  : 2\n", "x.yaml:2: a key must be a text"),
        ("a: *b\n", "x.yaml:1: *b names no anchor before it"),
        ("a: &a [*a]\n", "x.yaml:1: *a names no anchor before it"),
        ("a: !!binary aGk=\n", "the tag tag:yaml.org,2002:binary is not one that JSON has"),
        ("a: !mine {b: 1}\n", "x.yaml:1: the tag !mine is not one that JSON has a value for"),
        ("a: 1\nb: c: d\n", "x.yaml:2: a key inside a value: indented too far, or a text with"),
        ("a: 1\n  b: 1\n", "x.yaml:2: a key inside a value: indented too far"),
        ("a:\n\tb: 1\n", "x.yaml:2: a tab: YAML is indented with blanks"),
        ("a:\n  b: 1\n\tc: 1\n", "x.yaml:3: a tab: YAML is indented with blanks"),
        ("a: - b\n", "x.yaml:1: a list that begins on the line of its key"),
        ("a:\n    b: 1\n  c: 1\n", "x.yaml:3: indented by 2: expected 4 as b, or 0 as a"),
        ("- a:\n    b: 1\n   c: 1\n", "x.yaml:3: indented by 3: expected 4 as b, or 2 as a"),
        ('a: 1\nb: "c\nd: 1\n', "x.yaml:2: a quote that is not closed"),
        ("a: 1\nb\n", "x.yaml:2: a line that is no `key: value`"),
        ("a: {b: 1\nc: 1\n", "x.yaml:1: a { that is not closed, or a comma left out"),
        ("a: @b\n", "x.yaml:1: a text that begins with @ must be quoted"),
        ("a: 1\nb: \x01\n", "x.yaml:2: unacceptable character #x0001"),
        (b"a: 1\nb: \xff\n", "x.yaml:2: unacceptable character #x00ff"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2: expected one document, found several"),
        ("[" * (MAX_DEPTH + 1), f"x.yaml:1: nested deeper than {MAX_DEPTH}"),
        ("<<: 5\n", "x.yaml:1: << merges maps, found something else"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_with_its_line(text, problem):
    """What kubectl would lose or guess is an error that says where."""
    with pytest.raises(ConfigError) as refusal:
        load(text, "x.yaml")
    assert problem in str(refusal.value)


def test_every_duplicate_is_reported_at_once():
    """Faults that do not stop the reading are collected."""
    with pytest.raises(ConfigError) as refusal:
        load("a: 1\na: 2\nb: .nan\n", "x.yaml")
    assert [problem.split(": ")[0] for problem in refusal.value.problems] == [
        "x.yaml:2",
        "x.yaml:3",
    ]


def test_a_bomb_of_aliases_is_defused():
    """Few lines must not stand for millions of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="aliases stand for too much"):
        load("\n".join(lines))


def test_aliases_and_merges_are_followed():
    """Anchors and merge keys are YAML 1.1, and own keys beat merged ones."""
    text = """\
        base: &base {a: 1, b: 2}
        own: {b: 3, <<: *base}
        both: {<<: [{a: 5}, *base]}
        same: *base
        """
    found = load(dedent(text))
    assert found["own"] == {"a": 1, "b": 3}
    assert found["both"] == {"a": 5, "b": 2}
    assert found["same"] == {"a": 1, "b": 2}


def test_documents_know_their_lines_and_empty_ones_are_left_out():
    """A stream yields values with the lines where they begin."""
    text = "# nothing\n---\n---\na: 1\n---\n\nb:\n- c\n- d: [e]\n"
    first, second = load_all(text, positions=True)
    assert (first.value, first.line) == ({"a": 1}, 3)
    assert second.lines == {
        (): 7,
        ("b",): 7,
        ("b", 0): 8,
        ("b", 1): 9,
        ("b", 1, "d"): 9,
        ("b", 1, "d", 0): 9,
    }


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text(alphabet="0123456789.:-_eExyn \n\t#'\"|>~=<", max_size=12)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back_the_same(value):
    """Loading undoes dumping for every JSON value."""
    assert load(dump(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"spec": 1, "kind": "A", "metadata": {"labels": {}, "name": "x"}, "apiVersion": "v1"},
         "apiVersion: v1\nkind: A\nmetadata:\n  name: x\n  labels: {}\nspec: 1\n"),
        ({"b": 1, "a": [{"c": [1, 2], "d": {}}, []]},
         "b: 1\na:\n- c:\n  - 1\n  - 2\n  d: {}\n- []\n"),
        ({"a": "one\ntwo\n"}, "a: |\n  one\n  two\n"),
        ({"a": "one\n\n  two"}, "a: |-\n  one\n\n    two\n"),
        ({"a": ["x\n\n"]}, "a:\n- |+\n  x\n\n"),
        ({"a": ["--flag=1", "-v", "---", "- x"]}, 'a:\n- --flag=1\n- -v\n- "---"\n- "- x"\n'),
        ({"a": "x" * 200}, f"a: {'x' * 200}\n"),
        ({"a": "Größe 日本"}, "a: Größe 日本\n"),
        ({"a": 'say "hi": now'}, "a: 'say \"hi\": now'\n"),
        ({"a": "tab\there", "b": "\x07"}, 'a: "tab\\there"\nb: "\\u0007"\n'),
    ],
)  # fmt: skip
def test_values_look_as_people_write_them(value, text):
    """Well-known keys come first, blocks are literal, lines are never folded."""
    assert dump(value) == text


@pytest.mark.parametrize(
    "text",
    ["y", "NO", "08", "1e3", "0o17", "12:30", "2024-01-01", "null", "~", "", "=", "<<", ".inf",
     "1_0", "685e48", "- a", "a: b", "a #b", "#a", "{a}", "*a", "&a", "!a", "%a", "@a", "a:", " a"],
)  # fmt: skip
def test_texts_that_look_like_something_else_are_quoted(text):
    """Whoever reads YAML must find the text."""
    assert dump([text])[2] in "\"'"


def test_shared_values_are_written_out():
    """There are no aliases in what we write."""
    shared = {"a": 1}
    assert dump([shared, shared]) == "- a: 1\n- a: 1\n"


def test_documents_are_separated():
    """A stream is what kubectl takes."""
    assert [each.value for each in load_all(dump_all([{"a": 1}, {"b": 2}]))] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), {1, 2}])
def test_what_json_has_no_value_for_is_not_written(value):
    """Nothing is written that nobody could read."""
    with pytest.raises(ValueError, match="no YAML that kubectl would read"):
        dump([value])


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "text",
    [MARK + b"a: 1\n", MARK + MARK + b"a: 1\n", b"a: 1\n---\n" + MARK + b"a: 1\n",
     MARK + b"a: 1\n---\n" + MARK + MARK + b"a: 1\n", MARK + b'{"a": 1}'],
)  # fmt: skip
def test_byte_order_marks_begin_documents(text):
    """Files that were put together have one for each; as a text they are dropped as well."""
    for read in (text, text.decode()):
        assert {each.value["a"] for each in load_all(read)} == {1}


def test_a_byte_order_mark_inside_a_text_stays():
    """It is a letter there."""
    assert load("a: |\n  --- x\n  \ufeffb\n") == {"a": "--- x\n\ufeffb\n"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}{"a": 2}', [1, 2]),
        ('{"a": 1}\n\n{"a": 1.0}\n', [1, 1]),
        (r'{"a": "\ud83d\ude00"}', ["\U0001f600"]),
        ('{\n\t"a": 1\n}\n', [1]),
    ],
)
def test_json_that_is_no_yaml_is_read_too(text, found):
    """As kubectl reads a file of it."""
    assert [each.value["a"] for each in load_all(text)] == found


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}{}', '{"a": 1}{"b"', '{"a": NaN}{}', '{"a": ' * 300]
)
def test_json_is_no_way_around_the_rules(text):
    """Keys are there once, numbers are finite, and nothing is nested without end."""
    with pytest.raises(ConfigError):
        load_all(text)
