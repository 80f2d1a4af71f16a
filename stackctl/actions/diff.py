"""Show what a deploy, or going back, would change; nothing is written."""

import shlex

from stackctl.actions.compose import StackRequest, explained
from stackctl.actions.deploy import plan_deploy
from stackctl.actions.history import bundle_of, newest
from stackctl.actions.placing import compose_placed
from stackctl.actions.planning import look, require_cluster
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.record import releases
from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import SHIPPED
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.comparison import compare
from stackctl.model.plan.plan import Plan
from stackctl.model.release.release import Release
from stackctl.model.run.events import Notice, Notify
from stackctl.sources.files import is_here, read_catalogue


def diff(request: StackRequest, connection: Connection, notify: Notify) -> Plan:
    """Compare what would be deployed with the cluster.

    Where nothing is named or set, and the catalogue that made the stack is not here, it is what the
    last revision applied.
    """
    try:
        with running(connection, notify) as run:
            return plan_deploy(run, request, refuse=False).plan
    except ConfigError:
        release = _made_elsewhere(request, connection)
        if release is None:
            raise
    made = f" ({', '.join(map(str, release.sources))})" if release.sources else ""
    notify(
        Notice(
            f"the catalogue{made} that stackctl {release.tool} made revision {release.revision} of "
            f"{release.stack} from {_whereabouts(release)}: compared with what that revision "
            "applied"
        )
    )
    return diff_revision(release.stack, release.revision, connection, notify)


def _made_elsewhere(request: StackRequest, connection: Connection) -> Release | None:
    """Return the newest revision of a stack that nothing here could make; None for any other."""
    if request.folders_then is None or request.stack is None or request.sets:
        return None  # what is named has to be here, and what is set on it cannot be told without
    stack = StackId(request.stack, request.record or RECORD_NAMESPACE)
    release = newest(stack, connection)
    catalogue = read_catalogue(request.catalogs)
    here = release.profile in catalogue.profiles and catalogue.components.keys() >= set(
        release.components
    )
    return None if here else release


def _whereabouts(release: Release) -> str:
    """Say why a catalogue was not read: what lies here only has to be named."""
    folders = [each.folder for each in release.sources if each.folder != SHIPPED]
    if not folders or not all(map(is_here, release.sources)):
        return "is not here, or not as it was"
    named = " ".join(f"--catalog {shlex.quote(each)}" for each in folders)
    return f"is here and was not named ({named})"


def diff_revision(stack: StackId, revision: int, connection: Connection, notify: Notify) -> Plan:
    """Compare what a revision applied with the cluster."""
    bundle = bundle_of(stack, revision, connection)
    with running(connection, notify) as run:
        return look(run, stack, bundle, refuse=False, trying=True).plan


def diff_release(request: StackRequest, connection: Connection) -> Plan:
    """Compare what would be deployed with what was: two bundles, whatever the cluster holds."""
    composed = compose_placed(request, connection)
    require_cluster(composed.cluster_uid, connection.info)
    release = newest(composed.stack, connection)
    before = releases.bundle_of(connection.client, release)
    plan = compare(before, composed.bundle, composed.stack)
    return explained(plan, composed, release.sets)


def diff_revisions(stack: StackId, revision: int, connection: Connection) -> Plan:
    """Compare an earlier revision with the newest: what its bundle would change in that one's."""
    after = bundle_of(stack, revision, connection)
    before = releases.bundle_of(connection.client, newest(stack, connection))
    return compare(before, after, stack)
