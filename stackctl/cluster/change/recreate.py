"""Make an object anew where the one that is there cannot become what is wanted.

Whether that is allowed, and whether the user wants it, was decided before.
"""

from stackctl.cluster.change.removal import delete_one
from stackctl.cluster.change.session import Session
from stackctl.cluster.sending import Occupied
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import AccessDenied, ApplyError, ClusterError, Rejected
from stackctl.model.objects.immutable import original
from stackctl.model.objects.refs import Manifest, Ref, version_of
from stackctl.model.ownership.ownership import owner


def recreate(
    session: Session, ref: Ref, live: Manifest, desired: Manifest, progress: Progress
) -> Manifest:
    """Delete an object, wait until it is really gone, and make the desired one.

    Raises:
        ApplyError: the new one was refused and the old one is back; or the old one does not go.
    """
    path = session.connection.discovery.path_of(desired)
    delete_one(session.connection, ref, live)
    await_gone(session, ref, live, desired, progress)
    try:
        return session.sender.create(path, desired)
    except Occupied as other:
        holder = owner(other.live, session.sender.stack) or "somebody else"
        raise ApplyError(f"{ref}: deleted, and made by {holder} in the meantime") from None
    except (Rejected, AccessDenied) as refusal:
        raise _restored(session, path, ref, live, refusal) from refusal


def await_gone(
    session: Session, ref: Ref, live: Manifest, desired: Manifest, progress: Progress
) -> None:
    """Wait until an object that is being deleted is gone, whoever deletes it."""
    target = Target(ref, version_of(desired), live["metadata"]["uid"])
    session.observer.wait_gone(
        [target],
        deadline=session.deadline,
        progress=progress,
        stop=session.abandoned,
    )


def _restored(
    session: Session, path: str, ref: Ref, live: Manifest, refusal: ClusterError
) -> ApplyError:
    """Bring the old object back, and say how that went."""
    try:
        session.sender.create(path, original(live))
    except (ClusterError, Occupied) as error:
        return ApplyError(
            f"{ref}: deleted, and neither the new one nor the old one can be made: "
            f"{refusal}; {error}",
            hint=refusal.hint,
        )
    return ApplyError(f"{ref}: the old one is back, the new one was refused: {refusal}")
