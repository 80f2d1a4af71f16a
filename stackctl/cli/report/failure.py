"""How a failure looks: `error:` and `hint:` for people, one document for programs."""

import sys

from stackctl.cli.report.rendering import Document, document, dumped
from stackctl.cli.terminal.next_commands import TYPED, laid_out
from stackctl.cli.terminal.streams import write_aside, write_document
from stackctl.cli.terminal.terminal import Paint, labelled, plain, wants_colour, width_of
from stackctl.errors import FileError, Interrupted, Rejected, StackError
from stackctl.secrets import SECRETS


class Told(Interrupted):
    """An interruption that has been told already, with the cluster that it met."""


def report_error(
    error: StackError,
    code: int,
    *,
    format: str = "",
    colour: str = "auto",
    debug: bool = False,
    context: str = "",
) -> None:
    """Write a failure."""
    if isinstance(error, Told):
        return
    if debug:
        import traceback

        write_aside(sys.stderr, "".join(traceback.format_exception(error)))
    paint = Paint(on=wants_colour(sys.stderr, colour))
    width = width_of(sys.stderr)
    text = f"{context}: {error}" if context else str(error)
    lines = labelled("error:", plain(text), width)
    lines[0] = lines[0].replace("error:", paint("error:", "red", "bold"), 1)
    if error.hint:
        hint = laid_out(TYPED.addressed(plain(error.hint)), width and width - len("hint: "))
        first, *more = (line for each in hint for line in each.splitlines())
        lines += [f"{paint('hint:', 'cyan', 'bold')} {first}", *(f"  {line}" for line in more)]
    write_aside(sys.stderr, "".join(f"{line}\n" for line in lines))
    if format in ("json", "yaml"):
        write_document(sys.stdout, dumped(SECRETS.masked(error_document(error, code)), format))


def error_document(error: StackError, code: int) -> Document:
    """Describe a failure."""
    return document(
        "Error",
        reason=type(error).__name__,
        exitCode=code,
        message=str(error),
        hint=TYPED.addressed(error.hint) or None,
        problems=list(error.each) if isinstance(error, FileError) else None,
        server=_refusal(error) if isinstance(error, Rejected) else None,
    )


def _refusal(error: Rejected) -> Document:
    return {"status": error.status, "reason": error.reason, "causes": list(error.causes)}
