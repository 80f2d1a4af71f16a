"""The command `schema`: what files and documents look like."""

from typing import TYPE_CHECKING, Annotated

import typer

from stackctl.cli.options.completion import complete_schema
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.errors import UsageError

if TYPE_CHECKING:
    from stackctl.cli.report.rendering import Rendering


def schema(
    *,
    output: Output,
    shown: OutputOptions,
    kind: Annotated[
        str | None,
        typer.Argument(
            help="stack, profile, component, events, or the kind of a document; default: all",
            autocompletion=complete_schema,
        ),
    ] = None,
) -> int:
    """Print the JSON Schema of a file, or of what -o json prints.

    For editors, which complete and check files with it, and for programs that read --events files
    or what -o json prints. Without a name, list what there are schemas of.

    Examples:
        stackctl schema
        stackctl schema stack > stack.schema.json
        stackctl schema StackStatus
    """
    from stackctl.cli.report.rendering import dumped
    from stackctl.cli.report.report import Report
    from stackctl.model.documents.schemas import SCHEMAS, schema_of
    from stackctl.model.shapes.suggest import did_you_mean

    report = Report(shown, output.format)
    if kind is None:
        report.show(schemas_result())
        return 0
    name = next((each for each in SCHEMAS if each.lower() == kind.lower()), None)
    if name is None:
        raise UsageError(
            f"there is no schema of {kind!r}{did_you_mean(kind, SCHEMAS)}",
            hint="stackctl schema lists them",
        )
    report.text(dumped(schema_of(name), "yaml" if output.format == "yaml" else "json"))
    return 0


def schemas_result() -> "Rendering":
    """List what there are schemas of."""
    from stackctl.cli.report.rendering import Rendering, document
    from stackctl.cli.terminal.terminal import table
    from stackctl.model.documents.schemas import SCHEMAS

    rows = list(SCHEMAS.items())
    items = [{"name": name, "description": what} for name, what in rows]
    return Rendering(
        document=lambda: document("SchemaList", items=items),
        lines=lambda page: table(("SCHEMA", "OF"), rows, page.paint, page.width),
    )
