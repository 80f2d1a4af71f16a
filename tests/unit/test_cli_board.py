"""What a run shows while it goes on."""

import io
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.cli.terminal.progress import LiveProgress, NoProgress, PlainProgress, message_lines
from stackctl.cli.terminal.progress_board import (
    ASCII,
    UNICODE,
    Board,
    draw,
    marks_for,
    squeeze,
    step_text,
)
from stackctl.cli.terminal.terminal import Paint, visible
from stackctl.model.objects.refs import Ref
from stackctl.model.plan.plan import Action
from stackctl.model.run.events import (
    ComponentProgress,
    ComponentState,
    Notice,
    ObjectDone,
    Retrying,
    ServerWarning,
    Step,
)
from tests.unit.cli_samples import ref

PLAIN = Paint(on=False)
WAITING = "Deployment/kserve/kserve-controller-manager: 0/1 replicas available"
STARTING = (
    "Deployment/gpus/gpu-operator: 0/1 replicas ready; Pod gpu-operator-79c865fdd5-zl9qc: "
    "container main: ContainerCreating"
)
PULLING = "Deployment/a/b: Pod b-7d9-x2, container c: ImagePullBackOff: x/y:v1: not found"
QUOTA = (
    'Deployment/shop/web: FailedCreate: pods "web-7d9c5b6f4-" is forbidden: exceeded quota: tight, '
    "requested: pods=1, used: pods=25, limited: pods=25"
)
DENIED = (
    'Deployment/shop/web: FailedCreate: admission webhook "limits.example.com" denied the request: '
    "memory must be below 4Gi, not 64Gi"
)
LIMITED = (
    'Deployment/shop/web: FailedCreate: pods "web-7d9c5b6f4-x2x9k" is forbidden: '
    "maximum memory usage per Container is 4Gi, but limit is 64Gi"
)


def progress(name: str, state: ComponentState, ready: int = 0, total: int = 0, why: str = ""):
    return ComponentProgress(name, state, ready, total, why)


def board() -> Board:
    """A run in the middle of its work."""
    seen = Board(begun=0)
    for now, event in enumerate(
        [
            progress("cert-manager", ComponentState.APPLYING, 0, 48),
            progress("kserve", ComponentState.PENDING, 0, 53, "cert-manager"),
            progress("cert-manager", ComponentState.READY, 48, 48),
            progress("kserve", ComponentState.WAITING, 52, 53, WAITING),
            progress("training-operator", ComponentState.FAILED, 15, 16, "Pod x: ImagePullBackOff"),
            progress("spark-operator", ComponentState.SKIPPED, 0, 22, "cert-manager failed"),
        ]
    ):
        seen.see(event, now)
    return seen


@pytest.mark.parametrize("width", [80, 120])
def test_the_board(golden, width):
    """One line per component: sign, state, count, time, and what it waits for."""
    lines = draw(board(), 65, (width, None), PLAIN, UNICODE)
    assert max(map(len, lines)) <= width
    golden(f"board-{width}.txt", lines)


def test_the_board_fits_a_low_terminal():
    """With more components than rows, those that need attention stay."""
    seen = board()
    for number in range(30):
        seen.see(progress(f"ready-{number}", ComponentState.READY, 1, 1), 5)
    lines = draw(seen, 65, (120, 12), PLAIN, UNICODE)
    assert len(lines) <= 12
    assert any("kserve" in line for line in lines)
    assert any("training-operator" in line for line in lines)
    assert "    and 32 more" in lines


def test_the_clock_of_a_component_stops_when_it_is_done():
    """What took two seconds does not go on counting."""
    (line,) = [line for line in draw(board(), 65, (120, None), PLAIN, ASCII) if "+ cert-m" in line]
    assert line.split()[-1] == "2s"


@pytest.mark.parametrize(
    ("reason", "room", "expected"),
    [
        (WAITING, 70, WAITING),
        (WAITING, 62, "Deployment/kserve-controller-manager: 0/1 replicas available"),
        (WAITING, 52, "kserve-controller-manager: 0/1 replicas available"),
        (WAITING, 45, "kserve-controller-manager: 0/1 available"),
        (WAITING, 30, "kserve-controller-manager: 0/1"),
        (WAITING, 20, "kserve-…manager: 0/1"),
        (STARTING, 70, "gpu-operator: 0/1 ready; ContainerCreating"),
        (STARTING, 36, "gpu-operator: ContainerCreating"),
        (PULLING, 60, "b: ImagePullBackOff: x/y:v1: not found"),
        (QUOTA, 72, "web: quota tight: pods=25 of pods=25, pods=1 asked"),
        (DENIED, 72, "web: denied: memory must be below 4Gi, not 64Gi"),
        (LIMITED, 72, "web: maximum memory usage per Container is 4Gi, but limit is 64Gi"),
        (LIMITED, 50, "web: maximum memory usage p…4Gi, but limit is 64Gi"),
        ("nvidia.com/gpu: 8 of 16 allocatable", 40, "nvidia.com/gpu: 8 of 16 allocatable"),
    ],
)
def test_a_reason_loses_prose_before_its_object_and_its_numbers(reason, room, expected):
    """Which object it is and what is the matter stay as long as there is any room."""
    assert squeeze(reason, room) == expected


@given(
    st.from_regex(r"[A-Z][a-z]{2,20}/[a-z-]{1,20}/[a-z-]{1,60}", fullmatch=True),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=200),
    st.integers(min_value=12, max_value=200),
)
def test_a_reason_fits(ref_, text, room):
    """However long the names are, and whatever is said."""
    assert len(squeeze(f"{ref_}: {text}", room)) <= room


def test_the_board_fits_whatever_the_names_are():
    """A long name gives way in its middle."""
    seen = board()
    seen.see(progress("a-component-" * 8, ComponentState.WAITING, 1, 200, WAITING), 4)
    assert max(map(len, draw(seen, 65, (80, None), PLAIN, UNICODE))) <= 80


def test_messages_are_broken_where_the_terminal_ends():
    """The label is painted, and the rest of the text stands under its beginning."""
    lines = message_lines(Notice("word " * 40), Paint(on=True), 60)
    assert len(lines) > 1
    assert max(map(visible, lines)) <= 60
    assert lines[0].startswith("\x1b[36mnote:\x1b[0m word")


def test_when_the_run_is_over_nothing_spins_and_nobody_waits():
    """The last state shows who failed, and no hope that is gone."""
    seen = board()
    seen.closed = True
    lines = draw(seen, 65, (120, None), PLAIN, ASCII)
    assert "  . kserve             waiting      52/53    1m 2s" in lines
    assert any("Pod x: ImagePullBackOff" in line for line in lines)
    assert "Ctrl-C" not in lines[-1]


def test_a_counted_step_says_how_far_it_is():
    """Bytes are written as megabytes, everything else with its unit."""
    assert step_text(Step("building", 3, 12, "packages")) == "building: 3 of 12 packages"
    assert step_text(Step("fetching etcd", 1_500_000, 24_000_000, "bytes")) == (
        "fetching etcd: 1.5 of 24.0 MB"
    )
    assert step_text(Step("taking the lock")) == "taking the lock"


def test_a_terminal_without_unicode_gets_ascii():
    """The signs are ones that the terminal's encoding has."""
    assert marks_for("utf-8") is UNICODE
    assert marks_for("ascii") is ASCII
    assert marks_for(None) is ASCII


def plainly(*events, verbose: bool = False, apart: float = 0.01) -> list[str]:
    """Send events to a log, some seconds apart, and return its lines."""
    stream = io.StringIO()
    shown = PlainProgress(stream, PLAIN, verbose=verbose, now=count(0, apart).__next__)
    for event in events:
        shown.event(event)
    shown.close()
    return [line.strip().partition("  ")[2] or line for line in stream.getvalue().splitlines()]


def test_a_log_gets_a_line_for_each_change_of_state():
    """Progress inside a state is not worth a line."""
    assert plainly(
        progress("kserve", ComponentState.PENDING, 0, 53),
        progress("kserve", ComponentState.PENDING, 0, 53, "cert-manager"),
        progress("kserve", ComponentState.APPLYING, 0, 53),
        progress("kserve", ComponentState.APPLYING, 20, 53),
        progress("kserve", ComponentState.WAITING, 52, 53, WAITING),
        progress("kserve", ComponentState.READY, 53, 53),
    ) == [
        "kserve applying 0/53",
        f"kserve waiting 52/53: {WAITING}",
        "kserve ready 53/53",
    ]


def test_a_log_gets_a_line_for_each_tenth_of_a_counted_step():
    """A build of a thousand packages takes ten lines, not a thousand."""
    steps = [Step("building", done, 1000, "packages") for done in range(0, 1001, 10)]
    lines = plainly(*steps)
    assert len(lines) == 11
    assert lines[-1] == "building: 1000 of 1000 packages"


def test_a_log_is_not_silent_while_a_step_goes_on():
    """What is told again is said again once nothing has been said for some seconds."""
    assert plainly(*[Step("linking")] * 9) == ["linking"]
    assert 2 <= len(plainly(*[Step("linking")] * 9, apart=2.0)) < 9


def test_a_log_tells_retries_warnings_and_notes():
    """What the user should know stands out by its first word."""
    assert plainly(
        Retrying("PATCH Deployment/a/b", "no endpoints yet", 2.5),
        ServerWarning("batch/v1beta1 is deprecated"),
        ServerWarning("odd", Ref("apps", "Deployment", "ml", "x"), "kserve"),
        Notice("no kubeconfig found"),
    ) == [
        "retry: PATCH Deployment/a/b: no endpoints yet; trying again in 3s",
        "warning: batch/v1beta1 is deprecated",
        "warning: Deployment/ml/x (kserve): odd",
        "note: no kubeconfig found",
    ]


def test_objects_are_named_only_when_asked_for():
    """-v adds a line for each object."""
    done = ObjectDone("kserve", ref("Deployment", "controller", "kserve"), Action.CREATE)
    assert plainly(done) == []
    assert plainly(done, verbose=True) == ["kserve: Deployment/kserve/controller created"]


def test_quiet_still_tells_the_servers_warnings():
    """A deprecation is not progress."""
    stream = io.StringIO()
    shown = NoProgress(stream, PLAIN)
    shown.event(Step("looking at the cluster"))
    shown.event(ServerWarning("deprecated"))
    assert stream.getvalue() == "warning: deprecated\n"


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 100 columns that remembers everything."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "30")
    monkeypatch.setenv("TERM", "xterm-256color")
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def written(screen: io.TextIOWrapper) -> str:
    screen.flush()
    return screen.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


def test_the_live_view_leaves_its_last_state_behind(screen):
    """What was redrawn all the time ends as ordinary lines."""
    shown = LiveProgress(screen, PLAIN, verbose=False, now=lambda: 0.0)
    shown.event(progress("kserve", ComponentState.APPLYING, 3, 53))
    shown.event(ServerWarning("deprecated"))
    shown.event(progress("kserve", ComponentState.READY, 53, 53))
    shown.close()
    end = written(screen).rpartition("\x1b[2K")[2]
    assert "✔ kserve  ready        53/53" in end
    assert "1/1 components · 53/53 objects · 0s" in end
    assert "warning: deprecated" in written(screen)


def test_the_live_view_gives_the_terminal_away_and_comes_back(screen):
    """While a question is asked nothing is drawn; the cursor is shown."""
    shown = LiveProgress(screen, PLAIN, verbose=False, now=lambda: 0.0)
    shown.event(Step("looking at the cluster"))
    shown.pause()
    before = written(screen)
    assert before.rfind("\x1b[?25h") > before.rfind("\x1b[?25l")
    shown.event(progress("kserve", ComponentState.APPLYING, 3, 53))
    assert written(screen).rfind("\x1b[?25l") > len(before) - 1
    shown.close()
    assert written(screen).rfind("\x1b[?25h") > written(screen).rfind("\x1b[?25l")
