"""Whether and how far a change goes.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.grouping import Options, option
from stackctl.model.run.failure_policy import OnFailure


def seconds(text: str | float) -> float:
    """Read a Go duration such as 90s, 10m or 1h30m; seconds stay what they are."""
    if isinstance(text, float):
        return text
    from stackctl.model.objects.quantities import seconds as duration

    try:
        return duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90s, 10m or 1h30m") from error


class Agreement(Options):
    """Whether and how far a change goes."""

    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before changing anything")] = False
    dry_run: Annotated[
        bool, option("--dry-run", help="Show what would change and change nothing")
    ] = False
    timeout: Annotated[
        float,
        option(
            "--timeout",
            metavar="DURATION",
            parser=seconds,
            help="How long to wait for everything: 90s, 10m (default), 1h30m",
        ),
    ] = 600.0


class LockWait(Options):
    """Whether to wait for a run of somebody else."""

    wait_lock: Annotated[
        float,
        option(
            "--wait-lock",
            metavar="DURATION",
            parser=seconds,
            help="How long to wait for another run on the stack to end; default: not at all",
        ),
    ] = 0.0


class TeardownOptions(LockWait, Agreement):
    """How a teardown goes about it, and what it takes along; each is a field of `RunOptions`."""

    keep_crds: Annotated[
        bool, option("--keep-crds", help="Leave CRDs and everything made with them")
    ] = False
    delete_data: Annotated[
        bool, option("--delete-data", help="Delete your own resources of its CRDs, and its volumes")
    ] = False


class ApplyOptions(LockWait, Agreement):
    """How a change that applies objects goes about it; each is a field of `RunOptions`."""

    wait: Annotated[
        bool, option("--wait/--no-wait", help="Wait until everything is ready (default) or not")
    ] = True
    plan: Annotated[
        Path | None,
        option(
            "--plan",
            metavar="FILE",
            help="With --dry-run write the plan to FILE; without, do exactly what FILE says",
        ),
    ] = None
    on_failure: Annotated[
        OnFailure,
        option(
            "--on-failure",
            metavar="POLICY",
            help="When a component fails: continue with what does not need it (default), stop, "
            "or rollback to what was there before",
        ),
    ] = OnFailure.CONTINUE
    allow_recreate: Annotated[
        bool,
        option("--allow-recreate", help="With --yes: delete and make anew what cannot be changed"),
    ] = False
    prune_unrecorded: Annotated[
        bool,
        option(
            "--prune-unrecorded",
            help="With --yes: delete what the stack has made and a lost record does not name",
        ),
    ] = False
