"""How policies look, and what they have against what is there."""

from collections.abc import Iterator

from stackctl.cli.report.plan import target_document, unseen_lines
from stackctl.cli.report.rendering import Document, Page, Rendering, document, ref_document
from stackctl.cli.terminal.terminal import plain, table, wrap
from stackctl.cluster.look.policies import PolicyReport
from stackctl.model.readiness.policies import PolicyMode
from stackctl.model.run.outcome import TargetInfo

_STYLES = {PolicyMode.DENY: ("red",), PolicyMode.WARN: ("yellow",)}


def policies_result(found: PolicyReport, target: TargetInfo) -> Rendering:
    """List policies, and what each would refuse."""
    return Rendering(
        document=lambda: policies_document(found, target),
        lines=lambda page: policies_lines(found, page),
    )


def policies_document(found: PolicyReport, target: TargetInfo) -> Document:
    """Describe policies, and what each would refuse."""
    return document(
        "PolicyReport",
        target=target_document(target),
        items=[
            {
                "name": name,
                "mode": mode.value,
                "objects": [
                    ref_document(each.ref) | {"message": each.message} for each in found.of(name)
                ],
            }
            for name, mode in sorted(found.modes.items())
        ],
        unseen=list(found.unseen),
    )


def policies_lines(found: PolicyReport, page: Page) -> Iterator[str]:
    """Say what each policy does, and then of each what it has against what."""
    if not found.modes:
        return
    rows = [
        (name, mode.value, str(len({each.ref for each in found.of(name)})))
        for name, mode in sorted(found.modes.items())
    ]
    yield from table(("POLICY", "MODE", "WOULD REFUSE"), rows, page.paint)
    for name, mode in sorted(found.modes.items()):
        if objections := found.of(name):
            yield ""
            yield page.paint(plain(name), *_STYLES.get(mode, ()), "bold")
            for each in objections:
                yield from wrap(f"  {each.ref}: {plain(each.message)}", page.width, "    ")
    if found.unseen:
        yield ""
        yield from unseen_lines(found.unseen, page.paint, page.width)
