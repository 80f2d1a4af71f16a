"""The commands `component new` and `component lint`: components of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import option, spread
from stackctl.cli.options.options import Catalogs, Output, OutputOptions

DEFAULT_CATALOG = Path("catalog")


def new(
    *,
    catalogs: Catalogs,
    output: Output,
    shown: OutputOptions,
    name: Annotated[str, typer.Argument(help="What it will be called")],
    source: Annotated[
        Path | None,
        option("--from", metavar="FILE|DIR", help="Manifests that it is made of"),
    ] = None,
) -> int:
    """Write a component of your own to start from.

    A folder in the catalogue that --catalog names, or in ./catalog: component.yaml with comments,
    and base/ with the manifests, as they are, or with an example. Of manifests it finds the
    namespace, the version and the images, and proposes parameters: replicas, ports, resources,
    host names. A profile of the same name is written beside it. What is there is never touched.

    Examples:
        stackctl component new landing
        stackctl component new landing --from k8s/
        stackctl component new landing --from landing.yaml --catalog mine
    """
    from stackctl.actions.new_component import new_component
    from stackctl.cli.report.catalogue.new import new_result, next_lines
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    catalog = next(iter(catalogs.folders), DEFAULT_CATALOG)
    started = new_component(name, catalog, source)
    report.show(new_result(started))
    report.remark(next_lines(started, catalog))
    return 0


def lint(
    *,
    catalogs: Catalogs,
    output: Output,
    shown: OutputOptions,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|DIR]...",
            help="Components, by name or by folder; default: every one of the catalogue",
            autocompletion=complete_component,
        ),
    ] = None,
    no_schemas: Annotated[
        bool,
        option("--no-schemas", help="Do not check objects against the schemas of Kubernetes"),
    ] = False,
) -> int:
    """Look for what is wrong with components, or will be regretted.

    Objects against the schemas of every supported version of Kubernetes (no cluster is asked),
    places that are there twice or may move, images that may change, missing probes, requests and
    security contexts, rights with wildcards, schemas that leave everything open. Exits 1 if
    anything is found.

    What is as it should be is said in component.yaml, with the reason:
    spec.lint: [{rule: RULE, object: Kind/NAME, path: PATH, reason: WHY}].

    Examples:
        stackctl component lint
        stackctl component lint spark-operator
        stackctl component lint catalog/manifests/landing -o json
    """
    from stackctl.actions.lint import lint_components
    from stackctl.cli.report.catalogue.lint import lint_result
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    found = lint_components(tuple(wanted or ()), catalogs.folders, schemas=not no_schemas)
    report.show(lint_result(found))
    return 1 if found.open else 0


app = typer.Typer(
    cls=Group, rich_markup_mode=None, help="Start a component of your own, and look it over."
)
for _command in (new, lint):
    app.command(cls=Command)(spread(_command))
