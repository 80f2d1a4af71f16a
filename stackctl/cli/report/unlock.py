"""How a lock looks before it is broken, and what is said afterwards."""

from stackctl.cli.report.rendering import Document, Rendering, document
from stackctl.cli.terminal.terminal import Paint, plain
from stackctl.model.objects.wording import span
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import HeldLock, Unlocked


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
