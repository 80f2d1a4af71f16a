"""What differs between two bundles, as a plan; no cluster has a say in it.

What would change on a cluster is `plan.make`.
"""

from collections.abc import Mapping

from stackctl.model.catalogue.component import Place
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.diff import differences
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan


def compare(before: Bundle, after: Bundle, stack: StackId) -> Plan:
    """Compare a bundle with an earlier one, object by object."""
    was, now = before.objects, after.objects
    secrets = _joined(before.secret_places, after.secret_places)
    changes = [
        _change(ref, component, manifest, was[ref][1] if ref in was else None, secrets.get(ref, ()))
        for ref, (component, manifest) in now.items()
    ]
    gone = [
        Change(ref, component, Action.PRUNE, live=manifest)
        for ref, (component, manifest) in reversed(was.items())
        if ref not in now
    ]
    return Plan(stack, after.profile, (*changes, *gone), before=before.profile)


def _joined(
    first: Mapping[Ref, tuple[Place, ...]], second: Mapping[Ref, tuple[Place, ...]]
) -> dict[Ref, tuple[Place, ...]]:
    return {ref: (*first.get(ref, ()), *second.get(ref, ())) for ref in {*first, *second}}


def _change(
    ref: Ref, component: str, manifest: Manifest, was: Manifest | None, secrets: tuple[Place, ...]
) -> Change:
    if was is None:
        return Change(ref, component, Action.CREATE, desired=manifest, secrets=secrets)
    found = differences(was, manifest, secrets)
    action = Action.UPDATE if found else Action.UNCHANGED
    return Change(ref, component, action, manifest, was, found, secrets=secrets, result=manifest)
