"""What holds on from the last deploy where nobody says otherwise: the profile, what `--set` said.

An upgrade keeps both. A deploy is made of what it is given; what it thereby drops is told.
"""

from dataclasses import replace

from stackctl.actions.compose import Request
from stackctl.cluster import releases
from stackctl.cluster.connection import Connection
from stackctl.errors import ReleaseError
from stackctl.model.events import Notice, Notify
from stackctl.model.sets import Kept, spoken
from stackctl.model.stack_id import StackId


def resumed(request: Request, stack: StackId, connection: Connection) -> Request:
    """Fill in what is not named from what the stack was last deployed with.

    Raises:
        ReleaseError: nothing says which profile, and there is no such stack here.
    """
    recorded = releases.current(connection.client, stack)
    profile = request.profile
    if profile is None and request.stack_file is None:
        if recorded is None:
            raise ReleaseError(f"stack {stack}: not on {connection.info.context}")
        profile = recorded.release.profile
    kept = request.kept
    if recorded is not None and recorded.release.sets and request.keep is not False:
        kept = Kept(recorded.release.revision, recorded.release.sets)
    return replace(request, stack=stack.name, record=stack.namespace, profile=profile, kept=kept)


def tell_kept(request: Request, notify: Notify) -> None:
    """Say what holds on that was not said now."""
    if request.kept and (sets := request.kept.beside(request.sets)):
        source = f"revision {request.kept.revision}"
        notify(Notice(f"kept from {source}: {spoken(sets)}; --reset leaves it out"))


def tell_dropped(request: Request, recorded: releases.Recorded | None, notify: Notify) -> None:
    """Say what an earlier run said that does not hold on."""
    if recorded is None or request.kept is not None:
        return
    release = recorded.release
    if sets := Kept(release.revision, release.sets).beside(request.sets):
        source = f"--set of revision {release.revision}"
        notify(Notice(f"{source} is not kept: {spoken(sets)}; stackctl upgrade would keep it"))
