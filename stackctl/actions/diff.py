"""Show what a deploy, or going back, would change; nothing is written."""

from stackctl.actions.compose import StackRequest, explained
from stackctl.actions.deploy import plan_deploy
from stackctl.actions.history import bundle_of, newest
from stackctl.actions.placing import compose_placed
from stackctl.actions.planning import look, require_cluster
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.record import releases
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.comparison import compare
from stackctl.model.plan.plan import Plan
from stackctl.model.run.events import Notify


def diff(request: StackRequest, connection: Connection, notify: Notify) -> Plan:
    """Compare what would be deployed with the cluster."""
    with running(connection, notify) as run:
        return plan_deploy(run, request, refuse=False).plan


def diff_revision(stack: StackId, revision: int, connection: Connection, notify: Notify) -> Plan:
    """Compare what a revision applied with the cluster."""
    bundle = bundle_of(stack, revision, connection)
    with running(connection, notify) as run:
        return look(run, stack, bundle, refuse=False).plan


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
