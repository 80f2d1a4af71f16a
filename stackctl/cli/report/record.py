"""How what is wrong with a record looks, and what is done about it."""

from collections.abc import Iterable, Iterator, Sequence

from stackctl.cli.report.rendering import Document, Rendering, document
from stackctl.cli.terminal.terminal import Paint, plain
from stackctl.errors import StackError
from stackctl.model.run.outcome import RecordCheck


def record_result(found: RecordCheck) -> Rendering:
    """Tell what is wrong with a record, and what was done about it."""
    return Rendering(
        document=lambda: record_document(found),
        lines=lambda page: record_lines(found, page.paint),
    )


def record_lines(found: RecordCheck, paint: Paint) -> list[str]:
    """Say what is wrong, and what was done."""
    name = plain(str(found.stack))
    if not found.faults:
        return [f"{paint('intact:', 'green', 'bold')} the record of stack {name}"]
    if not found.done:
        return list(_faults(found.faults, paint)) if found.agreed else []
    if found.left:
        head = f"{paint('repaired in part:', 'yellow', 'bold')} the record of stack {name}"
    else:
        head = f"{paint('repaired:', 'green', 'bold')} the record of stack {name}"
    return [head, *_steps(found.done), *_faults(found.left, paint)]


def repair_lines(faults: Iterable[StackError], steps: Sequence[str], paint: Paint) -> list[str]:
    """Say what would be done about what is wrong."""
    return [*_faults(faults, paint), "to be done:", *_steps(steps)]


def _steps(steps: Iterable[str]) -> list[str]:
    return [f"  {plain(step)}" for step in steps]


def record_document(found: RecordCheck) -> Document:
    """Describe what is wrong, and what was done."""
    return document(
        "RecordCheck",
        stack=str(found.stack),
        namespace=found.stack.namespace,
        agreed=found.agreed,
        faults=[_fault(each) for each in found.faults],
        done=list(found.done),
        left=[_fault(each) for each in found.left],
    )


def _fault(error: StackError) -> dict[str, str]:
    return {"message": str(error), "hint": error.hint}


def _faults(faults: Iterable[StackError], paint: Paint) -> Iterator[str]:
    for error in faults:
        yield f"{paint('damaged:', 'red', 'bold')} {plain(str(error))}"
        if error.hint:
            yield f"  {paint('hint:', 'cyan')} {plain(error.hint)}"
