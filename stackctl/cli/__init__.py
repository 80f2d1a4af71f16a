"""The command line: typer and rich live here and nowhere else.

`run` is the one place where a failure becomes a message and an exit code.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import FrameType

import typer

from stackctl.cli.commands import COMMANDS
from stackctl.cli.commands.version import print_version
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import spread
from stackctl.cli.options.shells import ASKED, LINE, answer, split
from stackctl.cli.terminal.ending import ending
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.streams import write_result
from stackctl.errors import Interrupted, StackError, UsageError
from stackctl.secrets import SECRETS, secretive
from stackctl.signals import TERMINATED, TOLD, handling, heard

BUG = 70
_STOPPING = (signal.SIGTERM, signal.SIGHUP)

EXIT_CODES = (
    (0, "done; diff: nothing to change; status: all current"),
    (1, "a truthful no: diff found changes, status not current, you said no"),
    (2, "usage"),
    (3, "profile, component, stack file or catalogue invalid; nothing touched"),
    (4, "rendering failed; nothing touched"),
    (5, "cluster, sandbox or registry unreachable, or access denied"),
    (6, "preflight failed; nothing touched"),
    (7, "refused: another's, locked, wrong cluster or profile; nothing touched"),
    (8, "applied in part; recorded; run again to resume"),
    (9, "applied, not ready in time"),
    (10, "no such release or revision; record unreadable"),
    (BUG, "a bug in stackctl (traceback with --debug)"),
    (Interrupted.exit_code, "interrupted; recorded; run again to resume"),
    (TERMINATED, "the same, by SIGTERM or a closed terminal"),
)

_EPILOG = """\
Exit codes:
{codes}

Every option can be set in the environment: --dry-run is STACKCTL_DRY_RUN.
Options may stand before or after the command.
`stackctl COMMAND --help` shows examples.
""".format(codes="\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES))

_ALL = frozenset(name for names in COMMANDS.values() for name in names)


@cache
def command_line(names: frozenset[str] = _ALL) -> typer.Typer:
    """Put the command line together, of all commands or of those that can be meant."""
    made = typer.Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        epilog=_EPILOG,
    )
    made.callback()(stackctl)
    for panel, known in COMMANDS.items():
        for name in known:
            if name in names:
                _register(made, name, panel)
    return made


def _meant(arguments: Sequence[str]) -> frozenset[str]:
    """Name the commands that a line can mean: all of them, unless it begins with one."""
    first = arguments[0] if arguments else ""
    return _ALL.intersection(arguments) if first in _ALL - {"help"} else _ALL


def stackctl(
    version: bool = typer.Option(False, "--version", help="Print the version and exit"),
) -> None:
    """Install, show, change and take out whole machine-learning stacks on Kubernetes."""
    if version:
        print_version()
        raise typer.Exit


def _register(app: typer.Typer, name: str, panel: str) -> None:
    """Add the command, or the group of commands, that the module of the name has."""
    module = import_module(f"stackctl.cli.commands.{name}")
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, rich_help_panel=panel)
    else:
        app.command(cls=Command, rich_help_panel=panel)(spread(getattr(module, name)))


def run(arguments: Sequence[str], application: Callable[..., int | None] | None = None) -> int:
    """Run one command line and return its exit code."""
    SECRETS.forget()
    SECRETS.learn(typed_secrets(arguments, os.environ))
    TYPED.learn(arguments, os.environ)
    if ASKED in os.environ:
        meant = _meant(split(os.environ.get(LINE, ""))[0])
        write_result(sys.stdout, answer(command_line(meant), os.environ))
        return 0
    with _terminable():
        try:
            _require_texts(arguments, os.environ)
            application = application or command_line(_meant(arguments))
            code = application(args=list(arguments), prog_name="stackctl", standalone_mode=False)
            if code == Interrupted.exit_code:
                raise KeyboardInterrupt  # noqa: TRY301 - typer made a number of it
        except KeyboardInterrupt:
            code = _fail(Interrupted("interrupted"), Interrupted.exit_code, arguments)
        except StackError as error:
            code = _fail(error, error.exit_code, arguments)
        except typer.TyperException as error:
            code = _fail(_usage_error(error), UsageError.exit_code, arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            code = _fail(_bug(error), BUG, arguments)
    return int(code or 0)


def _require_texts(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Refuse bytes that are no text, before they come into a file or a request.

    Raises:
        UsageError: an argument, or a variable that stands for an option, is not UTF-8.
    """
    said = {f"argument {number}": text for number, text in enumerate(arguments, start=1)}
    said |= {name: text for name, text in environment.items() if name.startswith("STACKCTL_")}
    for where, text in said.items():
        if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
            raise UsageError(f"{where}: expected a text in UTF-8")


def _fail(error: StackError, code: int, arguments: Sequence[str]) -> int:
    from stackctl.cli.report.failure import report_error

    code = ending(error, code)
    said = said_in(arguments, os.environ)
    report_error(
        error,
        code,
        format=said.get("output", ""),
        colour=said.get("color", "auto"),
        debug=said.get("debug", "") not in ("", "0", "false"),
    )
    return code


def _usage_error(error: typer.TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "stackctl"
    return UsageError(error.format_message(), hint=f"{command} --help")


def _bug(error: Exception) -> StackError:
    failure = StackError(
        f"a bug in stackctl: {type(error).__name__}: {error}",
        hint="run again with --debug and report the traceback to the maintainers of stackctl",
    )
    failure.__cause__ = error
    return failure


def said_in(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Find how a failure is to be shown, in a line that perhaps could not even be read."""
    said = {
        name: environment[variable]
        for name in ("output", "color", "debug")
        if (variable := f"STACKCTL_{name.upper()}") in environment
    }
    ours = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for this, following in zip(ours, [*ours[1:], ""], strict=True):
        name, equals, value = this.partition("=")
        if name in ("-o", "--output", "--color"):
            said["output" if name == "-o" else name[2:]] = value if equals else following
        elif this.startswith("-o"):
            said["output"] = this[2:]
        elif this == "--debug":
            said["debug"] = "1"
    return said


def typed_secrets(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is secret by its name, in a line that perhaps cannot be read, and around it."""
    typed = (
        following if this == "--set" else this.removeprefix("--set=")
        for this, following in pairwise([*arguments, ""])
    )
    for setting in (*typed, *environment.get("STACKCTL_SET", "").split()):
        key, _, value = setting.partition("=")
        if secretive(key):
            yield value
    for name, value in environment.items():
        if secretive(name) and not value.startswith("/"):  # many name a file
            yield value


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and a closed terminal stop a run as Ctrl-C does, and note which it was."""
    TOLD.clear()

    def stop(number: int, _frame: FrameType | None) -> None:
        TOLD.append(number)
        # A terminal that is closed says so twice, by itself and by its shell.
        if len(TOLD) == 1:
            raise KeyboardInterrupt

    with handling(heard(_STOPPING), stop):
        yield
