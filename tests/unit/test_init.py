"""A stack file to start from says what was given, and whatever we write we can read."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stackctl.actions.init import beginning, init, stack_text
from stackctl.cli import run
from stackctl.errors import ConfigError
from stackctl.model.catalogue.envelope import API_VERSION, LABEL, Metadata
from stackctl.model.catalogue.profile import Choice, RecordPlace, StackFile, TargetPin
from stackctl.model.catalogue.profile_file import StackDocument, StackSpec
from stackctl.model.resolve.overrides import chosen_by
from stackctl.model.resolve.selection import Selection
from stackctl.sources.files import read_stack_file
from stackctl.sources.yaml import load
from tests.unit import fake

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.from_regex(LABEL, fullmatch=True)
VALUES = st.one_of(TEXTS, st.integers(-(2**40), 2**40), st.booleans(), st.lists(TEXTS, max_size=3))
CHOICES = st.builds(
    Choice,
    parameters=st.dictionaries(TEXTS, VALUES, max_size=3),
    features=st.dictionaries(NAMES, st.booleans(), max_size=3),
)
DOCUMENTS = st.builds(
    StackDocument,
    st.just(API_VERSION),
    st.just("Stack"),
    st.builds(Metadata, NAMES),
    st.builds(
        StackSpec,
        TEXTS,
        target=st.builds(TargetPin, TEXTS, TEXTS),
        components=st.dictionaries(TEXTS, CHOICES, max_size=3),
        record=st.builds(RecordPlace, st.none() | NAMES),
    ),
)


@given(DOCUMENTS)
def test_whatever_is_written_is_read_as_it_was(tmp_path_factory, document):
    """Names like `123`, contexts like `@prod: east`, texts that look like something else."""
    path = tmp_path_factory.mktemp("init") / "stack.yaml"
    path.write_text(stack_text(document), encoding="utf-8", newline="")
    found = read_stack_file(path)
    assert found.name == document.metadata.name
    spec = StackSpec(found.profile, found.target, found.components, record=found.record)
    assert spec == document.spec


SETS = [
    "web.replicas=3", "web.level=debug", "web.zones=a,b", "web.zones=[b,c]", "web.motto=null",
    "web.motto=123", "web.motto=y", "web.nodes=a=1,b=2", "web.nodes.c=3", "web.nodes.c=null",
    "web.metrics=false", "web.memory=2Gi", "web.features.slow=true", "web.features.slow=false",
    "web.namespace=other", "web.zones=",
]  # fmt: skip


def decided(selection: Selection) -> Any:
    return [
        ({key: each.value for key, each in chosen.parameters.items()}, chosen.features)
        for chosen in selection.components
    ]


@given(st.lists(st.sampled_from(SETS), max_size=8))
@example(["web.nodes.c=3", "web.nodes=a=1,b=2"])  # a whole map beats its keys, and itself
@example(["web.nodes=c=3", "web.nodes=a=1,b=2"])
def test_settings_of_the_command_line_come_to_the_same_in_a_file(sets):
    """What --set says, said by a stack file, decides every value alike."""
    components = chosen_by(fake.catalogue().components, sets)
    document = StackDocument(
        API_VERSION, "Stack", Metadata("ml"), StackSpec("base", components=components)
    )
    load(stack_text(document))
    file = StackFile("ml", "base", "stack.yaml", components=components)
    assert decided(fake.resolved("base", stack=file)) == decided(fake.resolved("base", *sets))


def written(folder: Path, *sets: str, **given: Any) -> Path:
    wish: dict[str, Any] = {"profile": "gpu8", "name": "ml", "target": TargetPin()} | given
    target = wish.pop("target")
    return init(folder / "stack.yaml", beginning(sets=sets, **wish), target)


@pytest.mark.usefixtures("some_shipped")
def test_settings_reach_the_file(tmp_path):
    """Each under its component, as what it is."""
    path = written(tmp_path, "spark-operator.workers=20", "kserve.features.vllm=true")
    assert load(path.read_bytes())["spec"] == {
        "profile": "gpu8",
        "components": {
            "kserve": {"features": {"vllm": True}},
            "spark-operator": {"parameters": {"workers": 20}},
        },
    }


@pytest.mark.parametrize(
    ("sets", "given", "problem"),
    [
        (("spark-operator.workers=x",), {}, 'workers: expected a whole number, found the text "x"'),
        (("kserve.no=1",), {}, "kserve has no such parameter"),
        ((), {"name": "My_Stack"}, 'a stack cannot be called "My_Stack"'),
        ((), {"record": "A"}, 'the namespace of a record cannot be called "A"'),
        ((), {"profile": "gpu9"}, "no profile is called gpu9; did you mean gpu8?"),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_what_cannot_be_is_an_error_and_no_file(tmp_path, sets, given, problem):
    """A file that would not deploy is not written."""
    with pytest.raises(ConfigError, match=re.escape(problem)):
        written(tmp_path, *sets, **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("some_shipped")
def test_what_is_wrong_is_said_before_a_cluster_is_asked(tmp_path, capsys):
    """Nobody waits for an answer to learn of a slip."""
    kubeconfig = str(tmp_path / "none")
    code = run(["init", "gpu9", "--file", str(tmp_path / "s.yaml"), "--kubeconfig", kubeconfig])
    assert code == 3
    assert "no profile is called gpu9; did you mean gpu8?" in capsys.readouterr().err


@pytest.mark.usefixtures("some_shipped")
def test_a_file_that_is_there_stays_and_the_hint_works_as_it_is_printed(tmp_path, capsys):
    """The profile is said again, and the file is beside the one that is there."""
    there = tmp_path / "my stack.yaml"
    there.write_text("mine")
    assert run(["init", "cpu", "--offline", "--file", str(there)]) == 7
    hint = capsys.readouterr().err.partition("name another file: stackctl ")[2]
    assert there.read_text() == "mine"
    assert run([*shlex.split(hint), "--offline"]) == 0
    assert (tmp_path / "other-my stack.yaml").exists()


def test_a_file_with_secrets_is_its_owners_alone(tmp_path, monkeypatch):
    """Nobody else may read it, and it says so."""
    monkeypatch.setenv("STACKCTL_SHIPPED_CATALOG", str(fake.FOLDER))
    path = written(tmp_path, "web.token=abc", profile="base")
    assert path.stat().st_mode & 0o077 == 0
    assert "Holds secrets" in path.read_text(encoding="utf-8")
