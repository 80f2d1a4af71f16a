"""Every shipped profile, one in the place of another, on one cluster; the mixins are in others."""

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.upgrade import upgrade
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.look.sparing import STAYS
from stackctl.cluster.record import releases
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action
from stackctl.model.run.events import ComponentState
from stackctl.model.run.outcome import DeployOutcome
from tests.apiserver.scenery import without_namespaces
from tests.apiserver.shipped import MANIFESTS, PATIENT, connected, redeployed, torn_down

pytestmark = pytest.mark.timeout(1800)  # all of them, on a busy machine

STACK = "ring"
WELL = {ComponentState.READY, ComponentState.UNCHANGED, ComponentState.REMOVED}
# Small beside large, so that much comes and much goes; what is shared stays. The one with small
# volumes is first, for these can only grow.
FIRST, *RING = (
    *("edge", "cpu", "gpu8+governance", "data", "full+governance", "train+monitoring"),
    *("serve", "llm", "gpu8-shared", "base", "gpu+monitoring"),
)


def request(profile: str) -> StackRequest:
    return StackRequest(profile=profile, stack=STACK)


def refs(profile: str) -> set[Ref]:
    """Name everything that a profile consists of."""
    return {*compose_stack(request(profile)).bundle.objects}


def upgraded(profile: str, connection: Connection) -> DeployOutcome:
    """Put a profile in the place of what is there."""
    return upgrade(
        request(profile),
        connection,
        agree=lambda *_: True,
        notify=lambda _: None,
        options=RunOptions(timeout=PATIENT, holder="tester@here", delete_data=True),
    )


def recorded(connection: Connection) -> set[Ref]:
    """Name everything that the stack has, by its record."""
    found = releases.current(connection.client, StackId(STACK))
    return {entry.ref for entry in found.release.inventory} if found else set()


def require_only(
    profile: str, before: set[Ref], outcome: DeployOutcome, connection: Connection
) -> None:
    """Everything is ready and stays as it is the next time; of what was there the rest has gone.

    But for data, what opens it, and namespaces that hold it, or what an operator has made and
    nobody takes for the stack's: these are said to stay, and stay on record.
    """
    assert not {*outcome.components.values()} - WELL
    left = {each.ref for each in outcome.plan.changes if each.action is Action.PRUNE}
    stays = {each.ref for each in outcome.plan.changes if each.reason.startswith(STAYS)}
    assert {ref.kind for ref in stays} <= {"Namespace", "PersistentVolumeClaim", "Secret"}
    assert left | stays == before - refs(profile)
    assert recorded(connection) == refs(profile) | stays
    discovery, client = connection.discovery, connection.client
    discovery.refresh()
    for ref in left:
        resource = discovery.find(ref.group, ref.kind)
        assert resource is None or client.get(resource.path(ref.namespace, ref.name)) is None, ref
    again = redeployed(request(profile), connection)
    assert {each.action for each in again.plan.changes} == {Action.UNCHANGED}


def test_each_profile_comes_in_the_place_of_another(kubeconfig):
    """It is ready, nothing of the one before is left, and at the end nothing of any."""
    with connected(kubeconfig) as connection:
        try:
            require_only(FIRST, set(), redeployed(request(FIRST), connection), connection)
            for profile in RING:
                before = recorded(connection)
                require_only(profile, before, upgraded(profile, connection), connection)
        finally:
            gone = torn_down(StackId(STACK), connection)
            without_namespaces(connection.client, *(each.ref.name for each in gone.kept))
        assert gone.residue == ()
        assert {each.ref.kind for each in gone.kept} <= {"Namespace"}


def test_no_profile_is_left_out():
    """Of those that stand alone; the others are laid over them."""
    names = {path.stem for path in (MANIFESTS.parent / "profiles").glob("*.yaml")}
    tried = {name for each in (FIRST, *RING) for name in each.split("+")}
    # `small` is in `edge`; `ingress` asks for a domain and has a test of its own; `mig` asks for
    # nodes with their layouts.
    assert names - tried == {"small", "ingress", "mig"}
