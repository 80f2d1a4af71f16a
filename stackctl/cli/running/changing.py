"""What every command that applies objects does around its action: report, ask, target by target.

What is brought about is the action's; how several clusters are gone through is for `targets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stackctl.cli.options.change import ApplyOptions
    from stackctl.cli.options.cluster import Cluster
    from stackctl.cli.options.output import EventOptions, Output, OutputOptions
    from stackctl.cli.running.question import Question
    from stackctl.cluster.change.options import RunOptions
    from stackctl.cluster.connection import Connection
    from stackctl.model.run.events import Notify
    from stackctl.model.run.outcome import DeployOutcome


class Act(Protocol):
    """Brings one cluster to the state that is asked for."""

    def __call__(
        self,
        connection: Connection,
        *,
        agree: Question,
        notify: Notify,
        options: RunOptions,
    ) -> DeployOutcome:
        """Do it."""


def change(  # noqa: PLR0913
    verb: str,
    done: str,
    act: Act,
    *,
    options: ApplyOptions,
    cluster: Cluster,
    output: Output,
    events: EventOptions,
    shown: OutputOptions,
) -> int:
    """Carry out a change on every target; `verb` is for events, `done` says that it went well.

    Raises:
        UsageError: one plan is in the file, and several clusters are named.
    """
    from stackctl.cli.report.outcome import deploy_result
    from stackctl.cli.report.report import Report
    from stackctl.cli.running.contexts import on_each
    from stackctl.cli.running.question import Question
    from stackctl.cli.running.requests import connected, run_options

    report = Report(shown, output.format)
    agree = Question(report, yes=options.yes, dry_run=options.dry_run)
    if options.plan is not None:
        cluster.require_one("--plan")
    chosen = run_options(options, agree_strays=agree.strays)

    def run(target: Cluster) -> int:
        with (
            report.progress(events.events, verb, target.context, chosen.run) as notify,
            connected(target, notify, options.timeout) as connection,
        ):
            outcome = act(connection, agree=agree, notify=notify, options=chosen)
            code = report.exits(0 if outcome.agreed else 1)
        report.show(deploy_result(outcome, done))
        return code

    return on_each(cluster, report, run, question=agree)
