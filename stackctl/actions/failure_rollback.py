"""Undo a change that failed: back to what was deployed before, or to nothing."""

from dataclasses import replace

from stackctl.actions.planning import last_good, look_back
from stackctl.actions.teardown import teardown
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.change.run import execute
from stackctl.cluster.context import RunContext
from stackctl.cluster.record import releases
from stackctl.cluster.record.shards import unrestorable
from stackctl.errors import StackError
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import Notice, Step
from stackctl.model.run.failure_policy import OnFailure


def undo(run: RunContext, stack: StackId, options: RunOptions, failure: StackError) -> StackError:
    """Undo what failed, in as much time; return the failure, with what came of that."""
    # Another run to the objects: what the first one has sent may still be on its way.
    options = replace(options, run=options.run and f"{options.run}-undo")
    try:
        with run.client.within(run.now() + options.timeout):
            done = _undone(run, stack, options)
    except StackError as error:
        return type(failure)(
            f"{failure}\nand it could not be undone: {error}", hint=error.hint or failure.hint
        )
    return type(failure)(f"{failure}\n{done}", hint=failure.hint)


def _undone(run: RunContext, stack: StackId, options: RunOptions) -> str:
    known = releases.history(run.client, stack, lambda text: run.notify(Notice(text)))
    target, lost = last_good(known)
    if target is None and not lost:
        return _removed(run, stack, options)
    for each in lost:
        run.notify(Notice(str(unrestorable(each))))
    if target is None:
        raise unrestorable(lost[0])
    run.notify(Step(f"rolling back to revision {target.revision}"))
    intent = look_back(run, stack, target)
    _, release = execute(run, intent, replace(options, on_failure=OnFailure.CONTINUE))
    return f"rolled back to revision {target.revision}, recorded as revision {release.revision}"


def _removed(run: RunContext, stack: StackId, options: RunOptions) -> str:
    """Remove what a first deploy made before it failed."""
    run.notify(Step("removing what was made"))
    outcome = teardown(
        stack, run.connection, agree=lambda *_: True, notify=run.notify, options=options
    )
    left = [str(each.ref) for each in outcome.residue]
    return f"everything made was removed{', except ' + ', '.join(left) if left else ''}"
