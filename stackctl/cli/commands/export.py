"""The command `export`: a stack as files, for somebody else to apply."""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import StackOptions
from stackctl.model.export.formats import ExportFormat

_WHERE = "Options for argocd and flux"


def export(  # noqa: PLR0913 - an option each
    *,
    asked: StackOptions,
    output: Output,
    shown: OutputOptions,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write; made if it is not there")
    ],
    form: Annotated[
        ExportFormat,
        option("--format", metavar="FORMAT", help="plain, kustomize, helm, argocd or flux"),
    ] = ExportFormat.KUSTOMIZE,
    with_secret: Annotated[
        list[str] | None,
        option(
            "--with-secret",
            metavar="OBJECT",
            help="Write what is secret in Secret/NAMESPACE/NAME, too; may repeat",
        ),
    ] = None,
    overwrite: Annotated[
        bool, option("--overwrite", help="Replace files that are not of an export, or were edited")
    ] = False,
    repository: Annotated[
        str | None,
        option(
            "--repository",
            metavar="URL",
            help="Git repository that DIR is committed to",
            panel=_WHERE,
        ),
    ] = None,
    branch: Annotated[
        str, option("--branch", metavar="BRANCH", help="Its branch; default: main", panel=_WHERE)
    ] = "main",
    repository_folder: Annotated[
        str | None,
        option(
            "--repository-folder",
            metavar="PATH",
            help="Where DIR is in it; default: as in the Git checkout that DIR is in",
            panel=_WHERE,
        ),
    ] = None,
) -> int:
    """Write a stack into a folder, for somebody else to apply.

    The same input gives the same files, a folder for each component (helm, flux: several where some
    of it waits for the rest), so that a change is a diff to review. The next export replaces
    what this one wrote; what was edited or is somebody else's stays, and is named.

    Nothing secret is written unless its object is named; EXPORT.md says which Secrets have to be
    made. Objects carry no mark of who owns them: they belong to whoever applies them, and
    `stackctl adopt` can take them over.

    Examples:
        stackctl export --profile gpu8 --format kustomize ./gpu8
        stackctl export -f stack.yaml --format helm ./charts
        stackctl export -p cpu --format flux --repository ssh://git@example.com/ml cpu
    """
    from stackctl.actions.export import export as action
    from stackctl.actions.export import folder_in_repository
    from stackctl.cli.report.catalogue.export import export_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import request_of
    from stackctl.model.export.exported import Repository

    report = Report(shown, output.format)
    where = repository_folder or folder_in_repository(folder)
    outcome = action(
        request_of(asked),
        folder,
        form,
        repository=Repository(repository, branch, where) if repository else None,
        secrets=tuple(with_secret or ()),
        overwrite=overwrite,
    )
    for note in outcome.notes:
        report.note(note)
    report.show(export_result(outcome))
    return 0
