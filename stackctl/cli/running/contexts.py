"""Runs one command on several clusters, one after the other, each with its own outcome.

What the command does on one of them is the command's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stackctl.cli.options.cluster import Cluster
from stackctl.cli.report.failure import Told
from stackctl.cli.report.report import Report
from stackctl.cli.running.question import Question
from stackctl.errors import Interrupted, StackError, headline

Run = Callable[[Cluster], int]


@dataclass(frozen=True, slots=True)
class Words:
    """What exit codes 0 and 1 of a command mean."""

    good: str = "done"
    bad: str = "nothing was changed"


_DONE = Words()


def on_each(
    cluster: Cluster,
    report: Report,
    run: Run,
    *,
    words: Words = _DONE,
    question: Question | None = None,
) -> int:
    """Run a command on every context that is named; the gravest exit code is the result.

    A failure on one cluster does not keep the others from their turn; an interruption does.
    Where there is a question, it is put once, when every plan has been shown, and before anything
    is changed: nobody has to sit through the first cluster to answer for the second.
    """
    contexts = cluster.each
    if len(contexts) < 2:
        return run(cluster)
    tour = _Tour(cluster, report, run, looks=question is None)
    with report.gathering():
        if question is None or not question.open:
            tour.visit(contexts)
        else:
            question.hold()
            tour.visit(contexts)
            failed = [each for each in contexts if tour.ends[each].error]
            if not tour.interrupted and question.put(failed):
                tour.visit(question.held)
    report.ends([(context, end.told(words)) for context, end in tour.ends.items()])
    if tour.interrupted:
        raise Told("interrupted")
    return max(end.code for end in tour.ends.values())


@dataclass(frozen=True, slots=True)
class _End:
    """How a command ended on one cluster."""

    code: int
    error: str = ""

    def told(self, words: Words) -> str:
        """Say it in a line."""
        if self.code == 0:
            return words.good
        if self.code == 1:
            return words.bad
        return f"exit {self.code}{self.error and f': {self.error}'}"


class _Tour:
    """Goes from one cluster to the next, and knows how it ended on each."""

    def __init__(self, cluster: Cluster, report: Report, run: Run, *, looks: bool) -> None:
        self._kubeconfig = cluster.kubeconfig
        self._report = report
        self._run = run
        self._looks = looks
        self.ends: dict[str, _End] = {}

    @property
    def interrupted(self) -> bool:
        """The user meant the command, not one of its clusters."""
        return any(end.code == Interrupted.exit_code for end in self.ends.values())

    def visit(self, contexts: Sequence[str]) -> None:
        """Give each cluster its turn."""
        for number, context in enumerate(contexts, start=1):
            if self.interrupted:
                self.ends[context] = self._failed(context, Interrupted("not begun"))
                continue
            self._report.turn(context, number, len(contexts), looks=self._looks)
            self.ends[context] = self._visit(context)

    def _visit(self, context: str) -> _End:
        try:
            return _End(self._run(Cluster(kubeconfig=self._kubeconfig, contexts=[context])))
        except KeyboardInterrupt:
            return self._failed(context, Interrupted("interrupted"))
        except StackError as error:
            return self._failed(context, error)

    def _failed(self, context: str, error: StackError) -> _End:
        self._report.failed(error, context)
        return _End(error.exit_code, headline(error))
