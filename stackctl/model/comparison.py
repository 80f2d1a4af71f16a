"""What differs between two bundles, as a plan; no cluster has a say in it.

What would change on a cluster is `plan.make`.
"""

from stackctl.model.bundle import Bundle
from stackctl.model.diff import differences
from stackctl.model.objects import Manifest, Ref
from stackctl.model.plan import Action, Change, Plan
from stackctl.model.stack_id import StackId


def compare(before: Bundle, after: Bundle, stack: StackId) -> Plan:
    """Compare a bundle with an earlier one, object by object."""
    was, now = before.objects(), after.objects()
    changes = [
        _change(ref, component, manifest, was[ref][1] if ref in was else None)
        for ref, (component, manifest) in now.items()
    ]
    gone = [
        Change(ref, component, Action.PRUNE, live=manifest)
        for ref, (component, manifest) in reversed(was.items())
        if ref not in now
    ]
    return Plan(stack, after.profile, (*changes, *gone))


def _change(ref: Ref, component: str, manifest: Manifest, was: Manifest | None) -> Change:
    if was is None:
        return Change(ref, component, Action.CREATE, desired=manifest)
    found = differences(was, manifest)
    action = Action.UPDATE if found else Action.UNCHANGED
    return Change(ref, component, action, manifest, was, found)
