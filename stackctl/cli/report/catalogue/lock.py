"""How a lock looks that was written, and what is older than the catalogue."""

from collections.abc import Iterator

from stackctl.actions.lock import LockOutcome
from stackctl.actions.outdated import ComponentVersions, Outdated
from stackctl.cli.report.rendering import Document, Page, Rendering, document, known
from stackctl.cli.terminal.terminal import plain, table
from stackctl.model.objects.wording import counted
from stackctl.model.release.locking import LockDifference

_NONE = "-"
_NOTHING_TO_COMPARE = "there is no lock, and no deploy is known: nothing to compare with"


def lock_result(outcome: LockOutcome) -> Rendering:
    """Tell what was written down."""
    return Rendering(
        document=lambda: lock_document(outcome), lines=lambda page: lock_lines(outcome, page)
    )


def lock_lines(outcome: LockOutcome, page: Page) -> Iterator[str]:
    """Say what is locked, and what is another one than before."""
    count = counted(len(outcome.lock.spec.components), "component")
    words = "locked" if outcome.new or outcome.differences else "unchanged"
    head = page.paint(f"{words}:", "green", "bold")
    stack = outcome.lock.metadata.name
    yield f"{head} stack {stack}, {count}, in {plain(str(outcome.path))}"
    yield from (f"  {plain(_moved(each))}" for each in outcome.differences)


def _moved(each: LockDifference) -> str:
    return f"{each.what} {each.locked or _NONE} → {each.now or _NONE}"


def lock_document(outcome: LockOutcome) -> Document:
    """Describe what was written down."""
    lock = outcome.lock
    return document(
        "LockOutcome",
        stack=lock.metadata.name,
        profile=lock.spec.profile,
        path=str(outcome.path),
        bundle=lock.spec.bundle,
        components=[
            known(
                name=name,
                version=each.version,
                digest=each.digest,
                images=list(each.images),
                chart=each.chart or None,
            )
            for name, each in lock.spec.components.items()
        ],
        changes=[
            known(what=each.what, old=each.locked or None, new=each.now or None)
            for each in outcome.differences
        ],
    )


def outdated_result(found: Outdated) -> Rendering:
    """Tell what is older than the catalogue."""
    return Rendering(
        document=lambda: outdated_document(found), lines=lambda page: outdated_lines(found, page)
    )


def outdated_lines(found: Outdated, page: Page) -> Iterator[str]:
    """Show the versions beside each other."""
    header = ("COMPONENT", "LOCKED", "DEPLOYED", "CATALOGUE", "")
    rows = [
        (
            each.name,
            each.locked or _NONE,
            each.deployed or _NONE,
            each.catalogue or _NONE,
            _word(found, each),
        )
        for each in found.components
    ]
    yield from table(header, rows, page.paint)
    if not found.old:
        yield ""
        yield "nothing is outdated" if found.compared else _NOTHING_TO_COMPARE


def _word(found: Outdated, each: ComponentVersions) -> str:
    if not found.is_old(each):
        return ""
    if not each.catalogue:
        return "not in the profile"
    if not each.deployed and found.revision is not None:
        return "not deployed"
    return "other objects or images than locked" if each.other_content else "outdated"


def outdated_document(found: Outdated) -> Document:
    """Describe the versions beside each other."""
    return document(
        "Outdated",
        stack=found.stack,
        profile=found.profile,
        lock=str(found.lock) if found.lock else None,
        revision=found.revision,
        components=[
            known(
                name=each.name,
                locked=each.locked or None,
                deployed=each.deployed or None,
                catalogue=each.catalogue or None,
                outdated=found.is_old(each),
            )
            for each in found.components
        ],
    )
