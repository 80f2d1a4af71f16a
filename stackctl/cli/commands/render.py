"""The command `render`: the manifests of a stack."""

from pathlib import Path
from typing import Annotated

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.options.completion import complete_revision
from stackctl.cli.options.grouping import option
from stackctl.cli.options.output import ManifestFormat, OutputOptions
from stackctl.cli.options.stack import ProfileStack


def render(
    *,
    asked: ProfileStack,
    cluster: Cluster,
    shown: OutputOptions,
    revision: Annotated[
        int | None,
        option(
            "--revision",
            metavar="N",
            min=1,
            help="Print what revision N applied instead",
            autocompletion=complete_revision,
        ),
    ] = None,
    output: Annotated[
        ManifestFormat, option("--output", "-o", metavar="FORMAT", help="yaml, json or name")
    ] = ManifestFormat.YAML,
    output_dir: Annotated[
        Path | None,
        option("--output-dir", metavar="DIR", help="Write one file per object into DIR instead"),
    ] = None,
) -> int:
    """Print the manifests a deploy would apply; asks no cluster.

    With --revision, print what a revision of a stack on a cluster applied. Secrets are printed
    as they are.

    Examples:
        stackctl render gpu8
        stackctl render --profile gpu8 --output-dir ./out
        stackctl render --profile gpu8 | kubectl apply --server-side -f -
        stackctl render --stack gpu8 --revision 3
    """
    from stackctl.actions.render import render as action
    from stackctl.cli.report.manifests import report_bundle
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.requests import recorded_bundle, request_of

    report = Report(shown, output)
    if revision is None:
        bundle = action(request_of(asked))
        for note in bundle.notes:
            report.note(note)
    else:
        bundle = recorded_bundle(report, asked, cluster, revision)
    report_bundle(report, bundle, output_dir)
    return 0
