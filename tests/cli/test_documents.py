"""Every command that prints a document prints what its schema says, done and refused alike."""

import json
from collections.abc import Iterator, Sequence

import pytest
import typer
from typer.core import TyperGroup

from stackctl.cli import command_line
from stackctl.model.documents.documents import document_schema
from stackctl.model.run.event_record import events_schema
from stackctl.sandbox.machine.places import Places
from tests.cli.conftest import Cli
from tests.cli.test_targets import COMPONENT, FIRST, NOWHERE, OBJECTS, PROFILE
from tests.documents import faults
from tests.environment import CALLERS
from tests.recipes import RECIPE

pytestmark = pytest.mark.timeout(300)

EVENTS = ("--events", "events.ndjson")
ANOTHER = ("--name", "documents", "--nodes", "cpu=1")
# One after the other: what is printed, and the exit code.
COURSE: list[tuple[str, int, tuple[str, ...]]] = [
    ("Version", 0, ("version",)),
    ("SchemaList", 0, ("schema",)),
    ("ProfileList", 0, ("profiles",)),
    ("ProfileDescription", 0, ("profiles", "letters")),
    ("ComponentList", 0, ("components",)),
    ("ComponentList", 0, ("components", "letters")),
    ("ComponentExplanation", 0, ("explain", "letters", "--profile", "letters")),
    ("ValueExplanation", 0, ("explain", "letters.namespace", "--profile", "letters")),
    ("Error", 3, ("components", "numbers")),
    ("LintReport", 1, ("component", "lint", "letters")),
    ("NewComponent", 0, ("component", "new", "numbers", "--catalog", "mine")),
    ("ImportedProfile", 0, ("profile", "import", "recipe.yaml", "--catalog", "mine")),
    ("Error", 2, ("schema", "numbers")),
    ("Error", 3, ("diff", "--profile", "numbers")),
    ("Export", 0, ("export", "--profile", "letters", "exported")),
    ("Error", 2, ("export", "--profile", "letters", "--format", "flux", "exported")),
    ("LockOutcome", 0, ("lock", "letters")),
    ("Outdated", 0, ("outdated", "letters", "--offline")),
    ("Error", 10, ("history",)),
    ("Plan", 1, ("diff", "--profile", "letters")),
    ("DeployOutcome", 0, ("deploy", "--profile", "letters", "--dry-run")),
    ("DeployOutcome", 0, ("deploy", "--profile", "letters", "--yes", *EVENTS)),
    ("DeployOutcome", 0, ("deploy", "--profile", "letters", "--yes")),
    ("StackStatus", 0, ("status",)),
    ("StackList", 0, ("stacks",)),
    ("DeployOutcome", 0, ("upgrade", "--set", "letters.text=bye", "--yes", *EVENTS)),
    ("Plan", 1, ("diff", "--revision", "1")),
    ("History", 0, ("history",)),
    ("DeployOutcome", 0, ("rollback", "1", "--yes", *EVENTS)),
    ("Error", 10, ("rollback", "9", "--yes", *EVENTS)),
    ("DeployOutcome", 0, ("adopt", "letters", "--yes", *EVENTS)),
    ("RecordCheck", 0, ("record", "check")),
    ("RecordCheck", 0, ("record", "repair", "--yes")),
    ("Unlocked", 0, ("unlock", "--yes")),
    ("ResultList", 5, ("status", "--context", FIRST, "--context", "nowhere")),
    ("TeardownOutcome", 0, ("teardown", "--dry-run")),
    ("TeardownOutcome", 0, ("teardown", "--yes", *EVENTS)),
    ("Error", 10, ("status",)),
    ("Sandbox", 1, ("sandbox", "status", "--name", "documents")),
    ("Sandbox", 0, ("sandbox", "up", *ANOTHER)),
    ("Sandbox", 0, ("sandbox", "up", *ANOTHER)),
    ("Sandbox", 0, ("sandbox", "status", "--name", "documents")),
    ("Sandbox", 0, ("sandbox", "down", "--name", "documents", "--keep-data")),
    ("Sandbox", 1, ("sandbox", "status", "--name", "documents")),
    ("Sandbox", 0, ("sandbox", "down", "--name", "documents")),
    ("Sandbox", 0, ("sandbox", "down", "--name", "documents")),
]


def printing(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command that has -o json."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from printing(command, (*path, name))
        elif any(parameter.name == "output" for parameter in command.params):
            yield (*path, name)


@pytest.fixture
def small(cli: Cli) -> Iterator[Cli]:
    """The program with a small catalogue, and a cache and a state of its own."""
    for path, text in (
        ("nowhere", NOWHERE),
        ("recipe.yaml", RECIPE),
        ("catalogue/profiles/letters.yaml", PROFILE),
        ("catalogue/manifests/letters/component.yaml", COMPONENT),
        ("catalogue/manifests/letters/base/letters.yaml", OBJECTS),
    ):
        (cli.home / path).parent.mkdir(parents=True, exist_ok=True)
        (cli.home / path).write_text(text)
    cli.environment["STACKCTL_CATALOG"] = str(cli.home / "catalogue")
    cli.environment["KUBECONFIG"] += ":nowhere"
    # The programs are built once.
    cli.environment["XDG_CACHE_HOME"] = str(Places.of(CALLERS).cache.parents[1])
    yield cli
    cli("sandbox", "down", "--name", "documents")


def test_what_every_command_prints_is_what_its_schema_says(small):
    """From the first question to the last; what is written as events too."""
    for kind, code, words in COURSE:
        answer = small(*words, "-o", "json")
        assert answer.code == code, (words, answer.text)
        printed = json.loads(answer.out)
        assert printed["kind"] == kind, words
        assert faults(printed, document_schema(kind)) == [], words
    lines = [json.loads(line) for line in (small.home / "events.ndjson").read_text().splitlines()]
    assert [fault for line in lines for fault in faults(line, events_schema())] == []
    for first, last in runs(lines):
        assert (first["type"], last["type"]) == ("started", "finished")
        assert last["exitCode"] == (0 if last["outcome"] == "succeeded" else 10)
        assert first["run"] == last["run"]
        assert last["stack"] == "letters"


def runs(lines: Sequence[dict[str, object]]) -> Iterator[tuple[dict[str, object], ...]]:
    """Yield the first and the last line of each run."""
    for run in dict.fromkeys(line["run"] for line in lines):
        found = [line for line in lines if line["run"] == run]
        yield found[0], found[-1]


def test_no_command_that_prints_a_document_is_left_out():
    """A new command has its line in the course."""
    root = typer.main.get_command(command_line())
    assert isinstance(root, TyperGroup)
    tried = {words[: 2 if words[0] in ("record", "sandbox") else 1] for _, _, words in COURSE}
    assert set(printing(root)) - tried == {("render",)}  # manifests are Kubernetes' own
