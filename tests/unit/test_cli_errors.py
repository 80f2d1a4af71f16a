"""Every failure ends as a sentence, a hint and its own exit code."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stackctl import errors
from stackctl.cli import BUG, EXIT_CODES, run, said_in
from stackctl.cli.terminal.event_log import EventLog
from stackctl.errors import (
    ConfigError,
    Interrupted,
    NotAdopted,
    NotReadyError,
    Rejected,
    StackError,
    UsageError,
)
from stackctl.signals import TERMINATED


def failing(error: BaseException) -> Callable[..., int]:
    """Stand in for the commands: whatever is typed, this goes wrong."""

    def application(**_: Any) -> int:
        raise error

    return application


def kinds(parent: type[StackError] = StackError) -> Iterator[type[StackError]]:
    """List the error tree."""
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from kinds(child)


def instance(kind: type[StackError]) -> StackError:
    """Make one of each."""
    if issubclass(kind, Rejected):
        return kind("it broke", status=422, hint="mend it")
    if issubclass(kind, NotAdopted):
        return kind("it broke", components=("a",), hint="mend it")
    return kind("it broke", hint="mend it")


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_an_error_ends_the_program_with_its_own_code(kind, capsys):
    """The exit code is the class's, and it is one that the help explains."""
    assert run(["status"], failing(instance(kind))) == kind.exit_code
    assert kind.exit_code in dict(EXIT_CODES)
    assert capsys.readouterr() == ("", "error: it broke\nhint: mend it\n")


def test_every_explained_exit_code_can_happen():
    """The table of exit codes promises nothing that no class keeps."""
    ours = {kind.exit_code for kind in kinds()} | {0, 1, BUG, TERMINATED}
    assert {code for code, _ in EXIT_CODES} == ours


def test_an_error_without_a_hint_is_one_line(capsys):
    """Nothing is printed where there is nothing to say."""
    run(["status"], failing(NotReadyError("spark-operator: 0/1 replicas available")))
    assert capsys.readouterr().err == "error: spark-operator: 0/1 replicas available\n"


@pytest.mark.parametrize("spelling", [["-o", "json"], ["-ojson"], ["--output=json"]])
def test_a_failure_is_one_json_document_for_programs(spelling, capsys):
    """With `-o json`, stdout holds the failure as a versioned document."""
    problems = ("stack.yaml:3: spec.profile: expected a string",)
    error = ConfigError("stack.yaml is not valid", hint="mend it", problems=problems)
    assert run(["diff", *spelling], failing(error)) == 3
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "apiVersion": "stackctl.dev/v1alpha2",
        "kind": "Error",
        "reason": "ConfigError",
        "exitCode": 3,
        "message": f"stack.yaml is not valid\n{problems[0]}",
        "hint": "mend it",
        "problems": list(problems),
    }


def test_a_refusal_of_the_api_server_keeps_its_own_words(capsys):
    """A program can branch on the status and the reason that the server gave."""
    cause = {"field": "spec.replicas", "reason": "FieldValueInvalid", "message": "must be positive"}
    error = Rejected("Deployment/a/b: invalid", status=422, reason="Invalid", causes=[cause])
    run(["deploy", "-o", "json"], failing(error))
    server = json.loads(capsys.readouterr().out)["server"]
    assert server == {"status": 422, "reason": "Invalid", "causes": [cause]}


def test_what_cannot_be_read_is_a_usage_error_that_names_the_help(capsys):
    """A misspelt option exits 2 and says where to look, as JSON too."""
    assert run(["deploy", "--no-such-option", "-o", "json"]) == UsageError.exit_code
    out, err = capsys.readouterr()
    assert "No such option: --no-such-option" in err
    assert "hint: stackctl deploy --help" in err
    assert json.loads(out)["exitCode"] == UsageError.exit_code


def test_a_misspelt_command_is_guessed(capsys):
    """The nearest command is offered."""
    assert run(["stauts"]) == UsageError.exit_code
    assert capsys.readouterr().err == (
        "error: stackctl has no command 'stauts'\nhint: stackctl status\n"
    )


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("install", "stackctl deploy"),
        ("apply", "stackctl deploy"),
        ("uninstall", "stackctl teardown"),
        ("delete", "stackctl teardown"),
        ("list", "stackctl profiles or stackctl components"),
        ("get", "stackctl profiles or stackctl components"),
        ("sandbox stop", "stackctl sandbox down"),
        ("nothing-like-it", "stackctl --help"),
    ],
)
def test_the_words_of_other_programs_lead_to_ours(word, ours, capsys):
    """Whoever comes from Helm or kubectl finds the command."""
    assert run(word.split()) == UsageError.exit_code
    hint = capsys.readouterr().err.partition("hint: ")[2].strip()
    assert hint.endswith(ours)


def test_what_was_not_foreseen_is_a_bug_and_says_where_to_report_it(capsys):
    """An unknown exception exits 70 in a sentence, without a traceback."""
    assert run(["status"], failing(ZeroDivisionError("division by zero"))) == BUG
    err = capsys.readouterr().err
    assert err.startswith("error: a bug in stackctl: ZeroDivisionError: division by zero\nhint: ")
    assert "Traceback" not in err


def test_debug_shows_the_traceback(capsys):
    """With --debug the line of the code that failed is shown."""
    run(["status", "--debug"], failing(ZeroDivisionError("division by zero")))
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_exits_130(capsys):
    """An interruption that no action took note of is still told."""
    assert run(["status"], failing(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_stopped_exits_143(number):
    """A run that was told to end says so by its code, and leaves the handler as it was."""
    before = signal.getsignal(number)

    def application(**_: Any) -> int:
        os.kill(os.getpid(), number)
        signal.pause()
        return 0

    assert run(["status"], application) == TERMINATED
    assert signal.getsignal(number) is before


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, TERMINATED)])
def test_what_a_stopped_run_writes_down_is_what_it_exits_with(tmp_path, capsys, number, code):
    """The last event and the document of the failure: a pipeline goes by either."""
    path = tmp_path / "events.ndjson"

    def application(**_: Any) -> int:
        log = EventLog(path, "deploy")
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        except KeyboardInterrupt as error:
            log.close(error)
            raise Interrupted("stopped") from None
        return 0

    assert run(["deploy", "-o", "json"], application) == code
    assert json.loads(path.read_text().splitlines()[-1])["exitCode"] == code
    assert json.loads(capsys.readouterr().out)["exitCode"] == code
    assert run(["deploy"], failing(KeyboardInterrupt())) == 130


@pytest.mark.usefixtures("heeded")
def test_being_told_twice_does_not_interrupt_the_end():
    """A terminal that is closed tells it, and its shell does so too."""
    ended: list[str] = []

    def application(**_: Any) -> int:
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            ended.append("recorded")
        return 0

    assert run(["deploy"], application) == TERMINATED
    assert ended == ["recorded"]


@pytest.mark.usefixtures("heeded")
def test_nohup_is_respected():
    """Who wants a run to outlive its terminal gets that."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def application(**_: Any) -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    assert run(["deploy"], application) == 0


def test_texts_of_the_cluster_cannot_move_the_cursor(capsys):
    """Control characters in a message are dropped."""
    run(["status"], failing(NotReadyError("a\x1b[2J\x07b")))
    assert capsys.readouterr().err == "error: ab\n"


def test_options_after_the_dashes_belong_to_another_program():
    """`sandbox run -- COMMAND -o json` says nothing about our own output."""
    assert said_in(["sandbox", "run", "--", "kubectl", "-o", "json"], {}) == {}
    assert said_in(["status"], {"STACKCTL_OUTPUT": "yaml"}) == {"output": "yaml"}
