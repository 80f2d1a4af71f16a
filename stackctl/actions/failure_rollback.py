"""Undo a change that failed: back to what was deployed before, or to nothing."""

from concurrent.futures import Executor
from dataclasses import dataclass, replace

from stackctl.actions.planning import look
from stackctl.actions.teardown import TeardownOptions, teardown
from stackctl.cluster.change.run import Clock, RunOptions, execute
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.errors import StackError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.run.events import Notice, Notify, Step
from stackctl.model.run.failure_policy import OnFailure

GOOD = (ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What going back after a failed run needs: the same as the run."""

    connection: Connection
    stack: StackId
    options: RunOptions
    pool: Executor
    notify: Notify
    now: Clock

    def after(self, failure: StackError) -> StackError:
        """Undo what failed, in as much time; return the failure, with what came of that."""
        client = self.connection.client
        try:
            with client.within(client.now() + self.options.timeout):
                done = self._undo()
        except StackError as error:
            return type(failure)(
                f"{failure}\nand it could not be undone: {error}", hint=error.hint or failure.hint
            )
        return type(failure)(f"{failure}\n{done}", hint=failure.hint)

    def _tell(self, text: str) -> None:
        self.notify(Notice(text))

    def _undo(self) -> str:
        known = releases.history(self.connection.client, self.stack, self._tell)
        good = [each for each in known if each.status in GOOD]
        if not good:
            return self._remove()
        target = good[-1]
        self.notify(Step(f"rolling back to revision {target.revision}"))
        revision = self._go_back(target)
        return f"rolled back to revision {target.revision}, recorded as revision {revision}"

    def _go_back(self, target: Release) -> int:
        bundle = releases.bundle_of(self.connection.client, target)
        intent = replace(
            look(self.connection, self.stack, bundle, self.notify, self.pool),
            pending=ReleaseStatus.PENDING_ROLLBACK,
            command=f"rollback {target.revision}",
            sets=target.sets,
            secret_sets=releases.secret_sets(self.connection.client, target),
        )
        options = replace(self.options, on_failure=OnFailure.CONTINUE)
        _, release = execute(self.connection, intent, options, self.pool, self.notify, self.now)
        return release.revision

    def _remove(self) -> str:
        """Remove what a first deploy made before it failed."""
        self.notify(Step("removing what was made"))
        claim = self.options.claim
        outcome = teardown(
            self.stack,
            self.connection,
            agree=lambda *_: True,
            notify=self.notify,
            options=TeardownOptions(
                timeout=self.options.timeout,
                holder=claim.holder,
                wait_lock=claim.wait,
                lease=claim.lease,
            ),
        )
        left = [str(each.ref) for each in outcome.residue]
        return f"everything made was removed{', except ' + ', '.join(left) if left else ''}"
