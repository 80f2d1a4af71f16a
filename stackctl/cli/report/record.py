"""How what is wrong with a record looks, and a lock on one, and what is done about them."""

from collections.abc import Iterable, Iterator, Sequence

from stackctl.cli.report.rendering import Document, Rendering, document, known
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import Paint, plain
from stackctl.errors import StackError
from stackctl.model.objects.wording import span
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import HeldLock, RecordCheck, Unlocked


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


def _fault(error: StackError) -> Document:
    return known(message=str(error), hint=error.hint or None)


def _faults(faults: Iterable[StackError], paint: Paint) -> Iterator[str]:
    for error in faults:
        yield f"{paint('damaged:', 'red', 'bold')} {plain(str(error))}"
        if error.hint:
            yield f"  {paint('hint:', 'cyan')} {TYPED.addressed(plain(error.hint))}"


# locks


def hold_lines(hold: HeldLock, paint: Paint) -> list[str]:
    """Say who holds the lock, and what breaking it would do."""
    head = f"stack {paint(plain(str(hold.stack)), 'bold')} is locked by {plain(str(hold))}"
    if hold.expired:
        return [head, f"last sign of life {plain(hold.renewed)}: that run is over"]
    warning = paint("warning:", "yellow", "bold")
    return [
        head,
        f"last sign of life {plain(hold.renewed)}: that run may well be going on",
        f"{warning} two runs at once can undo each other's work",
        f"a run that is dead loses its lock by itself {span(hold.seconds)} after its last sign",
    ]


def unlock_result(stack: StackId, outcome: Unlocked) -> Rendering:
    """Tell whose lock was broken."""
    return Rendering(
        document=lambda: unlocked_document(stack, outcome),
        lines=lambda page: unlocked_lines(stack, outcome, page.paint),
    )


def unlocked_lines(stack: StackId, outcome: Unlocked, paint: Paint) -> list[str]:
    """Say what came of it."""
    if outcome.hold is None:
        return [f"stack {plain(str(stack))} is not locked"]
    if not outcome.agreed:
        return []
    held = plain(str(outcome.hold))
    return [f"{paint('unlocked:', 'green', 'bold')} stack {plain(str(stack))}, was held by {held}"]


def unlocked_document(stack: StackId, outcome: Unlocked) -> Document:
    """Describe what came of it."""
    lock = _lock(outcome.hold) if outcome.hold else None
    return document("Unlocked", stack=str(stack), agreed=outcome.agreed, lock=lock)


def _lock(hold: HeldLock) -> Document:
    return {
        "holder": hold.holder,
        "since": hold.since,
        "renewed": hold.renewed,
        "expired": hold.expired,
    }
