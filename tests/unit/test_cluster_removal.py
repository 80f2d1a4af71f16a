"""In which order objects are deleted and waited for, and what a refusal ends."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from stackctl.cluster.change.disown import disown_namespaces, disown_object
from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.prune import prune
from stackctl.cluster.change.removal import Removal, delete_one, remove
from stackctl.cluster.wait.targets import Target
from stackctl.errors import ApplyError, ConflictError, Forbidden, Interrupted, NotFound, StaleWrite
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.plan.removal import batches
from stackctl.model.release.release import Provenance
from tests.unit.recorder import (
    ML,
    Recorder,
    connected,
    definition,
    listing,
    live,
    ours,
    session,
    thing,
)

SPACE, CONFIG = ours(thing("Namespace", "ml")), ours(thing("ConfigMap", "config"))
WORKLOAD = ours(thing("Deployment", "workload"))
HOOK = ours(thing("ValidatingWebhookConfiguration", "hook"))
JOB, DEFINITION = ours(thing("Job", "job")), ours(definition())
ELSEWHERE = ours(thing("Service", "service", "other"))
DEFINITIONS = "apiextensions.k8s.io/v1/customresourcedefinitions"
HOOKS = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
HELD = {"metadata": {"deletionTimestamp": "2026-11-27T20:00:00Z"}}  # an answer to a delete


def removed(
    client: Recorder,
    objects: Iterable[Manifest],
    accepted: Callable[[], Sequence[Target]] = tuple,
    stopped: bool = False,
) -> list[Target]:
    """Remove objects in the order of a plan."""
    found = {ref_of(each): each for each in objects}
    with session(client) as run:
        if stopped:
            run.abandoned.set()
        return remove(run, Removal(found, {}), batches(found), accepted)


def test_each_batch_is_gone_before_the_next_begins():
    """Custom resources, webhooks, workloads and the namespace with them, the rest, definitions."""
    client = Recorder()
    removed(client, [SPACE, DEFINITION, CONFIG, WORKLOAD, HOOK, JOB, ELSEWHERE])
    assert client.log == [
        "delete ml/jobs/job",
        "wait-gone",
        f"delete {HOOKS}/hook",
        "wait-gone",
        "delete namespaces/ml",
        "delete ml/deployments/workload",
        "wait-gone",
        "delete other/services/service",
        "wait-gone",
        "delete namespaces/ml",
        f"delete {DEFINITIONS}/jobs.e.dev",
        "delete ml/configmaps/config",
        "wait-gone",
    ]


def test_what_is_going_is_waited_for_and_not_deleted_twice():
    """The namespace begins to go with the workloads, and is awaited at its own turn."""
    client = Recorder({"delete namespaces/ml": HELD, "delete ml/deployments/workload": HELD})
    removed(client, [SPACE, WORKLOAD])
    assert client.log == [
        "delete namespaces/ml",
        "delete ml/deployments/workload",
        "wait-gone workload",
        "wait-gone ml",
    ]


def test_a_delete_is_meant_for_the_object_that_was_seen():
    """By its uid and its version."""
    client = Recorder()
    removed(client, [CONFIG])
    conditions = client.body("delete ml/configmaps/config")["preconditions"]
    assert conditions == {"uid": "uid-config", "resourceVersion": "7"}


def test_a_refusal_is_told_with_the_others_and_ends_the_removal():
    """Every object of the batch is tried; the next batch is not begun."""
    client = Recorder(
        {
            "delete ml/configmaps/config": Forbidden("not config"),
            "delete other/services/service": Forbidden("not service"),
        }
    )
    rest = ours(thing("ConfigMap", "more", "other"))
    with pytest.raises(ApplyError, match="not config\nnot service"):
        removed(client, [DEFINITION, CONFIG, ELSEWHERE, rest])
    assert client.log == [
        "delete ml/configmaps/config",
        "delete other/services/service",
        "delete other/configmaps/more",
    ]


def test_nothing_is_deleted_once_the_run_is_over():
    """A stop ends a removal between two batches."""
    client = Recorder()
    with pytest.raises(Interrupted):
        removed(client, [CONFIG], stopped=True)
    assert client.log == []


def asked(client: Recorder) -> Callable[[], Sequence[Target]]:
    def accepted() -> Sequence[Target]:
        client.log.append("accepted")
        return [Target(Ref("", "Namespace", "", "record"), "v1")]

    return accepted


def test_the_record_may_go_once_the_namespaces_are_going():
    """Before what is in them is deleted, so that all of it goes at the same time."""
    client = Recorder()
    (record,) = removed(client, [SPACE, CONFIG], asked(client))
    assert record.ref.name == "record"
    assert client.log == [
        "delete namespaces/ml",
        "accepted",
        "delete ml/configmaps/config",
        "wait-gone record",
    ]


def test_the_record_stays_while_finalizers_hold_something():
    """They may hold it for ever, and then the record says what is still to be removed."""
    client = Recorder()
    held = ours(thing("ConfigMap", "config"), finalizers=["e.dev/x"])
    assert removed(client, [SPACE, held], asked(client)) == []
    assert "accepted" not in client.log


@pytest.mark.parametrize("found", [live(CONFIG, uid="another"), NotFound("gone", status=404)])
def test_another_object_of_the_same_name_is_left(found):
    """The one that was meant has gone."""
    client = Recorder(
        {
            "delete ml/configmaps/config": StaleWrite("another version", status=409),
            "read ml/configmaps/config": found,
        }
    )
    assert delete_one(connected(client), ref_of(CONFIG), CONFIG)
    assert client.log == ["delete ml/configmaps/config", "read ml/configmaps/config"]


def test_what_has_lost_our_label_is_not_deleted():
    """Somebody has taken it over in this very moment."""
    taken = live(CONFIG | {"metadata": CONFIG["metadata"] | {"labels": {}}})
    client = Recorder(
        {
            "delete ml/configmaps/config": StaleWrite("another version", status=409),
            "read ml/configmaps/config": taken,
        }
    )
    with pytest.raises(ConflictError, match="somebody writes to it"):
        delete_one(connected(client), ref_of(CONFIG), CONFIG)
    assert client.log.count("delete ml/configmaps/config") == 1


def pruned(client: Recorder, *objects: Manifest) -> Outcome:
    outcome = Outcome()
    changes = (Change(ref_of(each), "a", Action.PRUNE, live=each) for each in objects)
    with session(client) as run:
        prune(run, Plan(ML, "p", tuple(changes)), Provenance(), outcome)
    return outcome


def test_users_objects_are_looked_for_once_more_before_a_definition_is_pruned():
    """They may have come since the plan was made; then it stays, and what else goes does go."""
    theirs = thing("Job", "theirs")
    theirs["metadata"]["labels"] = {}
    client = Recorder({"list e.dev/v1/jobs": listing(live(theirs))})
    outcome = pruned(client, DEFINITION, CONFIG)
    assert client.log == ["list e.dev/v1/jobs", "delete ml/configmaps/config", "wait-gone"]
    assert outcome.pruned == {ref_of(CONFIG)}


def test_a_definition_without_users_objects_is_pruned():
    """And counts as gone when it is."""
    client = Recorder()
    assert pruned(client, DEFINITION).pruned == {ref_of(DEFINITION)}
    assert client.log[-2:] == [f"delete {DEFINITIONS}/jobs.e.dev", "wait-gone"]


def test_a_plan_without_prunes_asks_nothing():
    """No request at all."""
    client = Recorder()
    pruned(client)
    assert client.log == []


def test_what_is_given_back_is_read_and_patched_once():
    """What it is now decides what is taken off it."""
    client = Recorder({"read ml/configmaps/config": CONFIG})
    with session(client) as run:
        disown_object(run, ref_of(CONFIG), CONFIG)
    assert client.log == ["read ml/configmaps/config", "patch ml/configmaps/config"]


def test_what_is_another_object_by_now_is_not_given_back():
    """It never was ours."""
    other = live(thing("ConfigMap", "config"), uid="another")
    client = Recorder({"read ml/configmaps/config": other})
    with session(client) as run:
        disown_object(run, ref_of(CONFIG), CONFIG)
    assert client.writes == []


def test_giving_back_a_namespace_that_may_not_be_changed_is_no_failure():
    """What we wrote on it stays there, and the next one is tried."""
    others = [ours(thing("Namespace", name)) for name in ("first", "second")]
    client = Recorder(
        {
            "read namespaces/first": others[0],
            "read namespaces/second": others[1],
            "apply namespaces/first": Forbidden("no"),
        }
    )
    with session(client) as run:
        disown_namespaces(run, [ref_of(each) for each in others])
    assert client.writes == ["apply namespaces/first", "apply namespaces/second"]
