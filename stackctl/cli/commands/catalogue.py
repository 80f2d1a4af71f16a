"""The commands on the catalogue: profiles, components, render."""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_component
from stackctl.cli.options.grouping import option
from stackctl.cli.options.options import (
    Catalogs,
    Cluster,
    ListOutput,
    ManifestFormat,
    OutputOptions,
    StackOptions,
)
from stackctl.errors import ConfigError


def profiles(*, catalogs: Catalogs, output: ListOutput, shown: OutputOptions) -> int:
    """List the profiles that can be deployed.

    Examples:
        stackctl profiles
        stackctl profiles --catalog ./catalogue -o wide
    """
    from stackctl.actions import catalogue as action
    from stackctl.cli.report import catalogue_text
    from stackctl.cli.report.report import Report

    found = action.profiles(catalogs.folders)
    catalogue_text.report_profiles(Report(shown, output.format), found.values())
    return 0


def components(
    *,
    catalogs: Catalogs,
    output: ListOutput,
    shown: OutputOptions,
    name: Annotated[
        str | None,
        typer.Argument(help="Show one component in full", autocompletion=complete_component),
    ] = None,
) -> int:
    """List the components profiles are made of, or describe one.

    Examples:
        stackctl components
        stackctl components spark-operator
        stackctl components -o name
    """
    from stackctl.actions import catalogue as action
    from stackctl.cli.report import catalogue_text
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    found = action.components(catalogs.folders)
    if name is None:
        catalogue_text.report_components(report, found.values())
        return 0
    if name not in found:
        raise ConfigError(f"no component is called {name!r}", hint="stackctl components lists them")
    asked = action.privileges_of(found[name])
    catalogue_text.report_component(report, found[name], asked)
    return 0


def render(
    *,
    recipe: StackOptions,
    cluster: Cluster,
    shown: OutputOptions,
    revision: Annotated[
        int | None,
        option("--revision", metavar="N", min=1, help="Print what revision N applied instead"),
    ] = None,
    output: Annotated[
        ManifestFormat, option("--output", "-o", metavar="FORMAT", help="yaml, json or name")
    ] = ManifestFormat.YAML,
    output_dir: Annotated[
        Path | None,
        option("--output-dir", metavar="DIR", help="Write one file per object into DIR instead"),
    ] = None,
) -> int:
    """Print the manifests a deploy would apply; no cluster is asked.

    With --revision, print what a revision of a stack on a cluster applied. Secrets are printed
    as they are.

    Examples:
        stackctl render --profile gpu8
        stackctl render --profile gpu8 --output-dir ./out
        stackctl render --profile gpu8 | kubectl apply --server-side -f -
        stackctl render --stack gpu8 --revision 3
    """
    from stackctl.actions.compose import render as action
    from stackctl.cli.report.manifests import report_bundle
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import recorded_bundle, request_of

    report = Report(shown, output)
    if revision is None:
        bundle = action(request_of(recipe))
    else:
        bundle = recorded_bundle(report, recipe, cluster, revision)
    report_bundle(report, bundle, output_dir)
    return 0
