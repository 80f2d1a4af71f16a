"""Write a stack into a folder, for somebody else to apply; no cluster is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackctl.actions.compose import Composed, StackRequest, compose_stack, learn_bundle
from stackctl.errors import RenderError
from stackctl.files import exists
from stackctl.model.export.contents import exported
from stackctl.model.export.exported import Export, Repository
from stackctl.model.export.formats import ExportFormat
from stackctl.secrets import Secrets
from stackctl.sources.components import YAML
from stackctl.sources.export_folder import Written, write_export


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What was exported, and what became of the files in the folder."""

    export: Export
    folder: Path
    files: Written
    notes: tuple[str, ...] = ()


def export(
    request: StackRequest,
    folder: Path,
    format: ExportFormat,
    *,
    repository: Repository | None = None,
    secrets: Sequence[str] = (),
    overwrite: bool = False,
) -> ExportOutcome:
    """Compose a stack and write it; `secrets` are the objects whose secret values go with it.

    Raises:
        StackError: as of `compose_stack`; or something secret would be written that was not asked
            for, or a file is in the way.
    """
    composed = compose_stack(request)
    made = exported(
        composed.bundle,
        composed.stack,
        format,
        yaml=YAML,
        repository=repository,
        named=secrets,
    )
    _require_discreet(composed, made)
    files = write_export(folder, made.files, overwrite=overwrite)
    return ExportOutcome(made, folder, files, composed.bundle.notes)


def folder_in_repository(folder: Path) -> str:
    """Name a folder from the top of the Git repository it is in; the top where it is in none."""
    whole = folder.absolute()
    for above in (whole, *whole.parents):
        if exists(above / ".git"):
            return whole.relative_to(above).as_posix()
    return "."


def _require_discreet(composed: Composed, made: Export) -> None:
    """Refuse what a secret setting got into by ways that nobody declared.

    Raises:
        RenderError: with the files.
    """
    known, nothing = Secrets(), Secrets()
    learn_bundle(composed.bundle, composed.selection, known)
    telling = [*_telling(made, known, nothing)]
    if telling:
        raise RenderError.listing("these files would hold a value that is secret:", telling)


def _telling(made: Export, known: Secrets, nothing: Secrets) -> Iterator[str]:
    for file in made.files:
        if not file.private:
            plain = nothing.mask(file.text)  # what only looks like a secret
            if known.mask(plain) != plain:
                yield f"{file.path}: holds a value that is secret elsewhere"
