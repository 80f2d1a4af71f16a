"""What a plan would delete and must not: users' data and what holds it, by the rules of a teardown.

What becomes of the rest is for `prune`.
"""

from concurrent.futures import Executor
from dataclasses import replace

from stackctl.cluster.connection import Connection
from stackctl.cluster.look.removal_impact import look
from stackctl.model.objects.refs import Ref
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.removal import spared, stays_by_itself
from stackctl.model.release.release import Provenance

STAYS = "stays: "  # begins the reason why something is not pruned


def spare(connection: Connection, plan: Plan, made: Provenance, pool: Executor) -> Plan:
    """Return a plan without the prunes of what must not go."""
    stays = staying(connection, plan, made, pool)
    if not stays:
        return plan

    def spared(change: Change) -> Change:
        if change.ref not in stays:
            return change
        return replace(change, action=Action.UNCHANGED, reason=f"{STAYS}{stays[change.ref]}")

    return replace(plan, changes=tuple(spared(change) for change in plan.changes))


def prunes(plan: Plan) -> list[Change]:
    """Choose what a plan would delete."""
    return [change for change in plan.changes if change.action is Action.PRUNE]


def staying(connection: Connection, plan: Plan, made: Provenance, pool: Executor) -> dict[Ref, str]:
    """Name what of it must not go, as the cluster is now, and why."""
    going = prunes(plan)
    refs = [change.ref for change in going]
    if not refs:
        return {}
    asked = {each.ref for each in going if each.live and stays_by_itself(each.live)}
    survey = look(connection, plan.stack, refs, (), pool)
    return {each.ref: each.why for each in spared(refs, survey, made=made, asked=asked)}
