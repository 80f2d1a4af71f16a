"""How an export looks: what was written, what was left out, and what comes next."""

import shlex
from collections.abc import Iterator

from stackctl.actions.export import ExportOutcome
from stackctl.cli.report.rendering import Document, Page, Rendering, document, ref_document
from stackctl.cli.terminal.terminal import plain
from stackctl.model.export.formats import ExportFormat
from stackctl.model.export.instructions import INSTRUCTIONS
from stackctl.model.objects.wording import counted

_NEXT = {
    ExportFormat.PLAIN: "kubectl apply --server-side -R -f {}",
    ExportFormat.KUSTOMIZE: "kubectl apply --server-side -k {}",
    ExportFormat.ARGOCD: "kubectl apply -f {}/application.yaml, once it is committed",
    ExportFormat.FLUX: "kubectl apply -f {}/flux.yaml, once it is committed",
}


def export_result(outcome: ExportOutcome) -> Rendering:
    """Tell what became of a folder."""
    return Rendering(
        document=lambda: export_document(outcome), lines=lambda page: export_lines(outcome, page)
    )


def export_lines(outcome: ExportOutcome, page: Page) -> Iterator[str]:
    """Say what was written, and what else has to be done."""
    made, files, paint = outcome.export, outcome.files, page.paint
    folder = plain(str(outcome.folder))
    head = paint("exported:", "green", "bold")
    yield f"{head} stack {made.stack}, profile {made.profile}, for {made.format} to {folder}"
    yield (
        f"  {counted(len(files.written), 'file')} written, {len(files.unchanged)} unchanged, "
        f"{len(files.removed)} removed"
    )
    if page.verbose:
        yield from (f"  + {plain(path)}" for path in files.written)
        yield from (f"  - {plain(path)}" for path in files.removed)
    if made.withheld:
        yield f"not in it, being secret; {INSTRUCTIONS} says how they are made:"
        yield from (f"  {ref}" for ref in made.withheld)
    step = _NEXT.get(made.format)
    quoted = plain(shlex.quote(str(outcome.folder)))
    yield f"next: {step.format(quoted)}" if step else f"next: what {folder}/{INSTRUCTIONS} says"


def export_document(outcome: ExportOutcome) -> Document:
    """Describe what became of a folder."""
    made, files = outcome.export, outcome.files
    return document(
        "Export",
        stack=made.stack,
        profile=made.profile,
        format=made.format.value,
        folder=str(outcome.folder),
        written=list(files.written),
        unchanged=list(files.unchanged),
        removed=list(files.removed),
        withheld=[ref_document(ref) for ref in made.withheld],
    )
