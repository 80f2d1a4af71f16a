"""The commands `sandbox …`: a real Kubernetes control plane here, with simulated nodes."""

import shlex
import sys
from pathlib import Path
from shutil import which
from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_part
from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import option, spread
from stackctl.cli.options.output import ListOutput, Output, OutputOptions
from stackctl.cli.options.sandbox import Nodes, Programs, SandboxName


def up(
    *,
    which: SandboxName,
    programs: Programs,
    output: Output,
    shown: OutputOptions,
    merge: Annotated[
        bool, option("--merge", help="Put a context for it into your own kubeconfig")
    ] = False,
) -> int:
    """Start a sandbox, mend it, or find it running.

    The first time its programs are fetched or built, which takes minutes; then seconds.

    Examples:
        stackctl sandbox up
        stackctl sandbox up --nodes gpu=2x8,cpu=1
        stackctl sandbox up --name second --merge
    """
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.sandbox import up_result
    from stackctl.sandbox import inspection, lifecycle

    report = Report(shown, output.format)
    wanted = lifecycle.Wanted(
        nodes=programs.nodes,
        port=programs.port,
        assets=programs.assets,
        install_go=programs.install_go,
        merge=merge,
    )
    with report.progress() as notify:
        result = lifecycle.up(which.name, wanted, notify=notify)
    report.show(up_result(result, inspection.status(which.name)))
    if not result.merged_into:
        name = "" if result.name == "default" else f" --name {result.name}"
        report.remark([f"use it: export KUBECONFIG=$({_called()} sandbox kubeconfig{name})"])
    return 0


def _called() -> str:
    """Say how the program is called: by its name, unless the shell does not find it by that."""
    program, found = Path(sys.argv[0]), which("stackctl")
    same = found is not None and Path(found).resolve() == program.resolve()
    if same or program.name != "stackctl":  # python -m stackctl
        return "stackctl"
    return shlex.quote(str(program.absolute()))


def down(
    *,
    which: SandboxName,
    output: Output,
    shown: OutputOptions,
    keep_data: Annotated[
        bool, option("--keep-data", help="Keep its state, so that `up` finds it again")
    ] = False,
) -> int:
    """Stop a sandbox and remove every trace of it.

    Examples:
        stackctl sandbox down
        stackctl sandbox down --keep-data
    """
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.sandbox import down_result
    from stackctl.sandbox import inspection, lifecycle

    report = Report(shown, output.format)
    with report.progress() as notify:
        result = lifecycle.down(which.name, keep_data=keep_data, notify=notify)
    report.show(down_result(result, inspection.status(which.name)))
    return 0


def status(*, which: SandboxName, output: ListOutput, shown: OutputOptions) -> int:
    """Show how a sandbox is: its parts, its nodes, its address.

    Exits 1 unless everything runs.

    Examples:
        stackctl sandbox status
        stackctl sandbox status -o json
    """
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.sandbox import status_result
    from stackctl.sandbox import inspection

    found = inspection.status(which.name)
    others = [name for name in inspection.sandboxes() if name != which.name]
    report = Report(shown, output.format)
    report.show(status_result(found))
    if others and not report.structured:
        report.note(f"there are other sandboxes: {', '.join(others)} (--name chooses one)")
    return 0 if found.state is inspection.State.RUNNING else 1


def kubeconfig(*, which: SandboxName, shown: OutputOptions) -> int:
    """Print the path of a sandbox's kubeconfig.

    Examples:
        export KUBECONFIG=$(stackctl sandbox kubeconfig)
    """
    from stackctl.cli.report.report import Report
    from stackctl.sandbox import inspection

    Report(shown).lines([str(inspection.kubeconfig(which.name))])
    return 0


def run(
    *,
    which: SandboxName,
    nodes: Nodes,
    shown: OutputOptions,
    command: Annotated[list[str], typer.Argument(help="The command and its arguments")],
) -> int:
    """Run a command with KUBECONFIG set to a sandbox.

    Exits with the command's exit code. A sandbox that does not run yet is started for it, and
    stopped afterwards.

    Examples:
        stackctl sandbox run -- kubectl get nodes
        stackctl sandbox run --name ci -- pytest tests/cluster
    """
    from stackctl.cli.report.report import Report
    from stackctl.sandbox import session
    from stackctl.sandbox.lifecycle import Wanted

    report = Report(shown)
    with report.progress() as notify:
        return session.run(command, which.name, Wanted(nodes=nodes.nodes), notify=notify)


def logs(
    *,
    which: SandboxName,
    shown: OutputOptions,
    part: Annotated[
        str | None,
        typer.Argument(
            help="etcd, apiserver, …, agent; default: all", autocompletion=complete_part
        ),
    ] = None,
    lines: Annotated[int, option("--lines", "-n", metavar="N", help="How many; default: 50")] = 50,
    follow: Annotated[bool, option("--follow", help="Go on with what comes")] = False,
) -> int:
    """Print what the parts of a sandbox have logged.

    Examples:
        stackctl sandbox logs apiserver
        stackctl sandbox logs agent --lines 200 --follow
    """
    from stackctl.cli.report.report import Report
    from stackctl.cli.report.sandbox import log_lines
    from stackctl.sandbox import inspection

    found = inspection.logs(part, which.name, lines=lines, follow=follow)
    report = Report(shown)
    for line in log_lines(found, report.paint, named=part is None):
        report.lines([line])
    return 0


_HELP = """\
Run a real Kubernetes here, with simulated GPU nodes.

It breaks as it is told. Annotate a Pod, or the Pod template of a Deployment:

\b
  sandbox.stackctl.dev/fail=fail-pull            no image can be pulled
  sandbox.stackctl.dev/fail=create-config-error  a ConfigMap is missing
  sandbox.stackctl.dev/fail=crash-loop           it exits, again and again
  sandbox.stackctl.dev/fail=never-ready          it runs, its probes fail

A job (TFJob, SparkApplication and so on) or a model:

\b
  sandbox.stackctl.dev/fail=true                 it ends as failed
  sandbox.stackctl.dev/run-for=10m               or forever

An image called does-not-exist, or with the tag fail-pull, cannot be pulled either. Without the
cause all is well again. Nodes fail as anywhere: kubectl cordon, taint, delete.
"""

app = typer.Typer(cls=Group, rich_markup_mode=None, help=_HELP)
for _command in (up, down, status, kubeconfig, logs):
    app.command(cls=Command)(spread(_command))
# What follows the command's name is the command's own.
app.command(cls=Command, context_settings={"allow_interspersed_args": False})(spread(run))
