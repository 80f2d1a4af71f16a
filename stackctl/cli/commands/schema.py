"""The command `schema`: what files and lines look like."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from stackctl.cli.options.options import Output, OutputOptions


class Kind(StrEnum):
    """What a schema is printed of."""

    STACK = "stack"
    PROFILE = "profile"
    COMPONENT = "component"
    EVENTS = "events"


def schema(
    *,
    output: Output,
    shown: OutputOptions,
    kind: Annotated[Kind, typer.Argument(help="stack, profile, component or events")],
) -> int:
    """Print the JSON Schema of a file of stackctl.

    For editors, which complete and check with it, and for programs that read --events files.

    Examples:
        stackctl schema stack > stack.schema.json
        stackctl schema events
    """
    from stackctl.cli.report.rendering import dumped
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    report.text(dumped(_schema(kind), "yaml" if output.format == "yaml" else "json"))
    return 0


def _schema(kind: Kind) -> dict[str, Any]:
    if kind is Kind.EVENTS:
        from stackctl.model.run.event_record import events_schema

        return events_schema()
    from stackctl.model.catalogue.component_file import ComponentFile
    from stackctl.model.catalogue.profile_file import ProfileFile, StackDocument
    from stackctl.model.shapes import schema as model

    files: dict[Kind, type] = {
        Kind.STACK: StackDocument,
        Kind.PROFILE: ProfileFile,
        Kind.COMPONENT: ComponentFile,
    }
    return model.schema(files[kind])
