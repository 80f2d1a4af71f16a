"""Values become dataclasses strictly, every fault at once; editors get the same as a schema."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component_file import ComponentFile
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile_file import ProfileFile, StackDocument
from stackctl.model.shapes.decode import Problem, Undecodable, decode
from stackctl.model.shapes.schema import schema
from stackctl.sources.files import read_catalogue, read_profiles, read_stack_file
from tests.unit import fake

T = TypeVar("T")


class Colour(StrEnum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Pair(Generic[T]):
    """Two of a kind."""

    one: T | None = None
    two: T | None = None


@dataclass(frozen=True)
class Thing:
    """Something with a field of each type."""

    name: str
    count: int = 0
    ratio: float = 1.0
    flag: bool = False
    colour: Colour = Colour.RED
    maybe: str | None = None
    parts: tuple[int, ...] = ()
    names: Mapping[str, "str | None"] = field(default_factory=dict)
    pair: Pair[str] = Pair()
    any: Any = None
    from_: str = field(default="", metadata={"key": "from"})
    size: str = field(default="s", metadata={"enum": ("s", "l")})
    word: str = field(default="", metadata={"pattern": "[a-z]*", "help": "small letters"})
    pairs: Mapping[str, Pair[str] | None] = field(default_factory=dict)


def test_every_type_is_read():
    """Fields become what their types say, renamed ones too."""
    found = decode(
        Thing,
        fake.value("""\
            name: x
            count: 2
            ratio: 3
            flag: true
            colour: blue
            maybe: null
            parts: [1, 2]
            names: {a: b, c: null}
            pair: {two: z}
            any: [{}]
            from: <1
        """),
    )
    assert found == Thing(
        "x",
        2,
        3,
        True,
        Colour.BLUE,
        None,
        (1, 2),
        {"a": "b", "c": None},
        Pair(None, "z"),
        [{}],
        "<1",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "name is missing"),
        ("[]", "expected a map, found a list"),
        ("{name: x, cuont: 1}", "cuont: unknown key; did you mean count?"),
        ("{name: x, two: y}", "two: unknown key here: it belongs in pair"),
        ("{name: x, pair: null, two: y}", "two: indented too little: it belongs in pair"),
        ("{name: x, parts: null, other: y}", "other: indented too little: it belongs in parts"),
        ("{name: x, pairs: {a: null, two: 1}}", "pairs.two: indented too little: it belongs in a"),
        ("{name: 8}", "name: expected a text, found the number 8: quote it"),
        ("{name: x, count: true}", "count: expected a whole number, found true"),
        ("{name: x, count: 1.5}", "count: expected a whole number, found the number 1.5"),
        ("{name: x, flag: 'no'}", 'flag: expected true or false, found the text "no"'),
        ("{name: x, colour: rde}", 'colour: expected one of red, blue, found the text "rde"; '),
        ("{name: x, maybe: {}}", "maybe: expected a text, found a map"),
        ("{name: x, parts: [1, a]}", 'parts[1]: expected a whole number, found the text "a"'),
        ("{name: x, names: {a.b: 1}}", 'names["a.b"]: expected a text, found the number 1'),
        ("{name: x, pair: {one: []}}", "pair.one: expected a text, found a list"),
        ("{name: null}", "name: expected a text, found nothing"),
        ("{name: x, size: m}", 'size: expected one of s, l, found the text "m"'),
        ("{name: x, word: X}", 'word: expected small letters, found the text "X"'),
    ],
)  # fmt: skip
def test_faults_name_path_and_expectation(text, problem):
    """A fault says where it is and what should be there."""
    with pytest.raises(Undecodable) as fault:
        decode(Thing, fake.value(text))
    assert str(fault.value).startswith(problem)


def test_every_fault_is_reported():
    """People mend a file once, not once for each fault."""
    with pytest.raises(Undecodable) as fault:
        decode(Thing, {"count": "x", "oops": 1, "parts": ["y"]})
    assert [problem.at for problem in fault.value.problems] == [
        ("count",),
        ("oops",),
        ("parts", 0),
        (),
    ]


def test_problems_print_their_path():
    """What is wrong with the whole file has none."""
    assert str(Problem(("spec", 0, "a b"), "odd")) == 'spec[0]["a b"]: odd'
    assert str(Problem((), "odd")) == "odd"


def test_faults_of_a_file_come_with_their_lines(tmp_path):
    """The line is that of the path, or of what encloses it."""
    (tmp_path / "profiles").mkdir()
    path = tmp_path / "profiles" / "p.yaml"
    path.write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: P}\nspec:\n"
        "  components:\n    web:\n      mode: manged\n      parameters: []\n"
        "  settings:\n    storageClass: null\n    labels: {a: 1}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as fault:
        read_profiles([tmp_path])
    lines = [problem.removeprefix(f"{path}:").partition(":")[0] for problem in fault.value.problems]
    assert lines == ["3", "7", "8", "11", "6"]  # nobody knows web
    assert "spec.components.web.mode: expected one of managed" in str(fault.value)


STRUCTURE_AND_NAMES = """\
apiVersion: stackctl.dev/v1alpha1
kind: Stack
metadata: {name: ml}
spec:
  profile: gpu9+monitorin
  components:
    sparkoperator: {}
    kserve: {mode: 3, parameters: {replica: 1}, features: {vlm: true}}
    mine: {source: {chart: {path: chart}}}
"""


@pytest.mark.usefixtures("some_shipped")
def test_a_fault_of_structure_hides_no_unknown_name(tmp_path):
    """What can be read of a file is looked up as well, so that nobody has to try again."""
    (tmp_path / "stack.yaml").write_text(STRUCTURE_AND_NAMES, encoding="utf-8")
    with pytest.raises(ConfigError) as fault:
        read_stack_file(tmp_path / "stack.yaml")
    told = [re.sub(r"^\S+:(\d+): (\S+): ", r"\1 \2 ", each) for each in fault.value.problems]
    assert [each.partition(";")[0] for each in told] == [
        f"8 spec.components.kserve.mode expected one of {', '.join(Mode)}, found the number 3",
        "5 spec.profile no profile is called gpu9",
        "5 spec.profile no profile is called monitorin",
        "7 spec.components.sparkoperator no component is called sparkoperator",
        "8 spec.components.kserve.parameters.replica kserve has no such parameter",
        "8 spec.components.kserve.features.vlm kserve has no such feature",
    ]


@pytest.mark.usefixtures("some_shipped")
def test_a_profile_with_a_fault_tells_its_unknown_names_too(tmp_path):
    """Those that it extends, mixes in, chooses and adjusts, in whichever catalogue."""
    write = (tmp_path / "profiles").mkdir() or (tmp_path / "profiles/mine.yaml").write_text
    write(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: mine}\n"
        "spec: {extends: bas, mixins: [monitorin], requires: 3, adjust: {sparc: {}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as fault:
        read_catalogue([tmp_path])
    found = str(fault.value)
    for said in ("requires: expected", "called bas;", "called monitorin;", "called sparc"):
        assert said in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind: Profile\n", "stack.yaml:1: kind: expected Stack, found the text \"Profile\""),
        ("", "stack.yaml: expected one document, found 0"),
        ("- a\n", "stack.yaml:1: expected a map, found a list"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_only_told_that(tmp_path, monkeypatch, text, problem):
    """There is no use in listing what a file of another kind lacks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stack.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as fault:
        read_stack_file(tmp_path / "stack.yaml")
    assert str(fault.value) == problem


@pytest.mark.parametrize("kind", [ComponentFile, ProfileFile, StackDocument])
def test_a_schema_closes_every_object(kind):
    """Editors mark the keys that decoding refuses."""
    found = schema(kind)
    assert found["$ref"] == f"#/$defs/{kind.__name__}"
    assert all(each["additionalProperties"] is False for each in found["$defs"].values())
    assert all(each["description"] for each in found["$defs"].values())


def test_a_schema_says_what_decoding_accepts():
    """Types, renamed keys, allowed values and what is required come from the dataclass."""
    found = schema(Thing)
    thing = found["$defs"]["Thing"]
    properties = thing["properties"]
    assert thing["required"] == ["name"]
    assert properties["count"] == {"type": "integer"}
    assert properties["ratio"] == {"type": "number"}
    assert properties["flag"] == {"type": "boolean"}
    assert properties["colour"] == {"enum": ["red", "blue"]}
    assert properties["maybe"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert properties["parts"] == {"type": "array", "items": {"type": "integer"}}
    assert properties["names"]["type"] == "object"
    assert properties["any"] == {}
    assert properties["from"] == {"type": "string"}
    assert properties["size"] == {"type": "string", "enum": ["s", "l"]}
    assert properties["word"]["description"] == "small letters"
    assert found["$defs"][properties["pair"]["$ref"].removeprefix("#/$defs/")]["properties"][
        "one"
    ] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


def test_the_schema_of_a_profile_knows_its_parts():
    """The published schema reaches into components and settings."""
    found = schema(ProfileFile, title="stackctl profile")
    assert found["title"] == "stackctl profile"
    assert found["$defs"]["ProfileFile"]["properties"]["kind"]["const"] == "Profile"
    assert {"Choice", "Settings", "Needs"} <= set(found["$defs"])
