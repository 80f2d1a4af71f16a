"""The commands `component new`, `lint` and `compare`: what components are made of."""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import option, spread
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import Catalogs

DEFAULT_CATALOG = Path("catalog")


def new(
    *,
    catalogs: Catalogs,
    output: Output,
    shown: OutputOptions,
    name: Annotated[str, typer.Argument(help="What it will be called")],
    source: Annotated[
        Path | None,
        option("--from", metavar="FILE|CHART|DIR", help="What it is made of"),
    ] = None,
) -> int:
    """Write a component of your own to start from.

    A folder in the catalogue that --catalog names, or in ./catalog: component.yaml with comments,
    and base/ with the manifests, as they are, or with an example. Of manifests it finds the
    namespace, the version and the images, and proposes parameters: replicas, ports, resources,
    host names. A chart (its folder or archive) and a folder of kustomize stay where they are:
    component.yaml names them, and proposes parameters of the chart's values. A profile of the same
    name is written beside it. What is there is never touched.

    Examples:
        stackctl component new landing
        stackctl component new landing --from k8s/
        stackctl component new landing --from landing.yaml --catalog mine
        stackctl component new landing --from charts/landing
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


def compare(  # noqa: PLR0913 - an option each
    *,
    catalogs: Catalogs,
    output: Output,
    shown: OutputOptions,
    name: Annotated[str, typer.Argument(help="Component", autocompletion=complete_component)],
    chart: Annotated[
        str | None,
        option(
            "--chart",
            metavar="CHART",
            help="The chart to compare with: a folder, an archive, oci://REGISTRY/PATH, or "
            "https://REPOSITORY/NAME; default: the one that component.yaml names",
        ),
    ] = None,
    version: Annotated[
        str | None,
        option(
            "--version", metavar="VERSION", help="Its version; default: the one that is followed"
        ),
    ] = None,
    values: Annotated[
        Path | None,
        option("--values", metavar="FILE", help="Values to render it with; default: its own"),
    ] = None,
    kubernetes: Annotated[
        str | None,
        option("--kube-version", metavar="VERSION", help="The Kubernetes it is rendered for"),
    ] = None,
) -> int:
    """List how our manifests differ from the upstream chart.

    Images, flags, environment, ports, probes, resources, security contexts, volumes, what each
    subject may do in the end, webhooks, fields of definitions. Objects are matched by their names,
    by what is left of them without the author's beginning, or by what they contain: it says what
    was matched with what, and how; what fits nothing, or two, is listed for itself. The component
    is compared as it comes, with the chart's own values. Asks no cluster; exits 1 if anything
    differs.

    Examples:
        stackctl component compare spark-operator
        stackctl component compare spark-operator --version 2.4.0 -v
        stackctl component compare spark-operator --chart spark-2.5.2.tgz -o json
    """
    from stackctl.actions.compare import ChartChoice, compare_component
    from stackctl.cli.report.catalogue.comparison import comparison_result
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    choice = ChartChoice(chart or "", version or "", values)
    found = compare_component(name, choice, catalogs.folders, kubernetes or "")
    for note in found.notes:
        report.note(note)
    report.show(comparison_result(found))
    return 0 if found.comparison.same else 1


app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    help="Start a component of your own, look it over, compare one with its chart.",
)
for _command in (new, lint, compare):
    app.command(cls=Command)(spread(_command))
