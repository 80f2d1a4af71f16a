"""What holds on from the last deploy where nobody says otherwise: the profile, what `--set` said.

An upgrade keeps both. A deploy is made of what it is given; what it thereby drops is told.
"""

from dataclasses import replace

from stackctl.actions.compose import Composed, StackRequest, folders_in
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import releases
from stackctl.cluster.record.missing_record import absent
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release
from stackctl.model.resolve.overrides import KeptOverrides, spoken
from stackctl.model.run.events import Notice, Notify
from stackctl.secrets import HIDDEN


def resumed(request: StackRequest, stack: StackId, connection: Connection) -> StackRequest:
    """Fill in what is not named from what the stack was last deployed with.

    Raises:
        ReleaseError: nothing says which profile, and there is no such stack here.
    """
    recorded = releases.current(connection.client, stack)
    if request.profile is None and request.stack_file is None:
        if recorded is None:
            raise absent(connection, stack)
        then = recorded.release
        folders = folders_in(then.command)
        request = replace(request, profile=then.profile, folders_then=folders)
    kept = request.kept
    if recorded is not None and recorded.release.sets and request.keep is not False:
        kept = _kept(recorded.release, request, connection)
    return replace(request, stack=stack.name, record=stack.namespace, kept=kept)


def _kept(release: Release, request: StackRequest, connection: Connection) -> KeptOverrides:
    """Read what a revision was made with; of secrets only what is not said anew."""
    hidden = frozenset(key for key, value in release.sets.items() if value == HIDDEN)
    kept = KeptOverrides(release.revision, release.sets, hidden)
    if hidden.isdisjoint(kept.except_for(request.sets)):
        return kept
    secret = releases.secret_sets(connection.client, release)
    return replace(kept, sets={**release.sets, **secret})


def tell_kept(request: StackRequest, composed: Composed, notify: Notify) -> None:
    """Say what holds on that was not said now; of what is secret, that it is set.

    And what has to be known of charts.
    """
    for note in composed.notes:
        notify(Notice(note))
    if request.kept is None:
        return
    unused = composed.selection.unused
    source = f"revision {request.kept.revision}"
    if sets := request.kept.without(unused).except_for(request.sets):
        said = spoken(sets, composed.secret_sets)
        notify(Notice(f"kept from {source}: {said}; --reset leaves it out"))
    if gone := spoken(request.kept.only(unused)):
        where = f"profile {composed.bundle.profile} has no such component"
        notify(Notice(f"no longer used, of {source}: --set {gone}: {where}"))


def tell_dropped(
    request: StackRequest, composed: Composed, recorded: releases.Recorded | None, notify: Notify
) -> None:
    """Say what an earlier run said that does not hold on."""
    if recorded is None or request.kept is not None:
        return
    release = recorded.release
    if sets := KeptOverrides(release.revision, release.sets).except_for(request.sets):
        if request.only:  # what is said of the others holds on
            sets = {key: text for key, text in sets.items() if key.split(".")[0] in request.only}
        if not sets:
            return
        source = f"--set of revision {release.revision}"
        said = spoken(sets, composed.secret_among(sets))
        notify(Notice(f"{source} is not kept: {said}; stackctl upgrade would keep it"))
