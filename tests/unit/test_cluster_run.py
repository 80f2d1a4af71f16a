"""In which order a run and a teardown write: the lock, the record, the objects, and back."""

import base64
from collections.abc import Sequence
from functools import partial

import pytest

from stackctl.cluster.change.intent import RunIntent
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.change.run import execute
from stackctl.cluster.context import running
from stackctl.cluster.record import indexes
from stackctl.cluster.record.lock import Claim
from stackctl.cluster.record.releases import Recorded
from stackctl.cluster.teardown.scope import TeardownScope
from stackctl.cluster.teardown.teardown import carry_out
from stackctl.errors import (
    ApplyError,
    ConflictError,
    Forbidden,
    Invalid,
    LockedError,
    NotFound,
    StaleWrite,
)
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.ownership.ownership import owned_digest
from stackctl.model.plan.plan import Snapshot, make
from stackctl.model.plan.removal import Survey
from stackctl.model.release.release import Entry, Release, ReleaseStatus, decode
from tests.unit.recorder import ML, Recorder, connected, listing, live, ours, tell, thing

ONE, TWO, OLD = (thing("ConfigMap", name) for name in ("one", "two", "old"))
CLAIM = Claim("tester@here")
LEASES, LEASE = "stackctl-system/leases", "stackctl-system/leases/stackctl.ml"
INDEXES, SECRETS = "stackctl-system/configmaps", "stackctl-system/secrets"
SIGN = f"apply {SECRETS}/stackctl.ml.v2147483647"
HELD = {
    "metadata": {"name": "stackctl.ml", "uid": "u", "resourceVersion": "1"},
    "spec": {
        "holderIdentity": "other@there",
        "leaseDurationSeconds": 30,
        "renewTime": "2026-11-27T19:59:59.000000Z",
    },
}


def released(*entries: Entry, status: ReleaseStatus = ReleaseStatus.DEPLOYED) -> Release:
    return Release(
        stack=ML,
        revision=1,
        status=status,
        profile="p",
        bundle="d",
        cluster="uid-of-kube-system",
        by="tester@here",
        tool="1",
        begun="2026-11-27T19:00:00Z",
        inventory=entries,
    )


def entry(manifest: Manifest, *, proven: bool = True) -> Entry:
    found = ours(manifest)
    owned = owned_digest(found, ML) if proven else ""
    return Entry(ref_of(manifest), "a", "v1", uid=found["metadata"]["uid"], owned=owned)


def there(release: Release) -> dict[str, Manifest]:
    """Script that a revision is the newest, at version 7."""
    return {f"list {INDEXES}": listing(live(indexes.index(Recorder(), release)))}


def intended(
    *manifests: Manifest, snapshot: Snapshot | None = None, recorded: Release | None = None
) -> RunIntent:
    bundle = Bundle("p", (BundleComponent("a", "1", "ml", manifests),))
    inventory = recorded.inventory if recorded else ()
    plan = make(bundle, ML, snapshot or Snapshot({}, {}, frozenset()), inventory)
    return RunIntent(ML, bundle, plan, Recorded(recorded, "7") if recorded else None, "1")


def ran(client: Recorder, intent: RunIntent) -> Release:
    """Carry out a plan."""
    notify = partial(tell, client)
    with running(connected(client), notify) as run:
        _, release = execute(run, intent, RunOptions(timeout=30, holder=CLAIM.holder))
    return release


def written(client: Recorder, line: str) -> Release:
    """Read the release that was sent with a request."""
    body = client.body(line)
    return decode(base64.b64decode(body["binaryData"]["release"]))


def in_order(log: Sequence[str], *lines: str) -> bool:
    """Tell whether lines are in a log, in this order, with whatever between them."""
    rest = iter(log)
    return all(line in rest for line in lines)


def test_a_run_writes_in_this_order():
    """Lock; what was applied, and then the index that names it; objects; the end; the lock back."""
    client, intent = Recorder(), intended(ONE)
    shard = intent.bundle.components[0].digest[:12]
    ran(client, intent)
    writes = [line for line in client.writes if "unchanged" not in line]
    at_once = slice(2, 4)
    writes[at_once] = sorted(writes[at_once])
    assert writes == [
        "apply namespaces/stackctl-system",
        f"create {LEASES}",
        f"apply {SECRETS}/stackctl.ml.a.{shard}.0",
        SIGN,
        f"create {INDEXES}",
        SIGN,
        "apply ml/configmaps/one",
        "ready a",
        f"replace {LEASE}",  # confirmed, for what follows relies on it
        f"replace {INDEXES}/stackctl.ml.v1",
        f"delete {LEASE}",
    ]
    assert written(client, f"replace {INDEXES}/stackctl.ml.v1").status is ReleaseStatus.DEPLOYED


def test_a_lock_in_a_namespace_that_is_going_is_nobodys():
    """What was seen of it while the namespace was waited for has gone with it."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "stackctl-system"}}
    going = live(space, deletionTimestamp="2026-11-27T19:59:58Z")
    gone = NotFound("namespaces/stackctl-system: not there", status=404)
    unseen = NotFound(f"{LEASE}: not there", status=404)
    client = Recorder(
        {"read namespaces/stackctl-system": [going, gone], f"read {LEASE}": [HELD, unseen]}
    )
    ran(client, intended(ONE))
    assert client.log.count(f"read {LEASE}") == 2
    assert in_order(client.log, "apply namespaces/stackctl-system", f"create {LEASES}")


def test_the_record_names_an_object_before_it_is_made():
    """Without a proof, for nothing is known of it; afterwards with its uid."""
    client = Recorder()
    release = ran(client, intended(ONE))
    (before,) = written(client, f"create {INDEXES}").inventory
    assert (before.ref, before.uid, before.owned) == (ref_of(ONE), "", "")
    assert release.inventory[0].uid == "uid-one"


def test_the_proof_of_an_object_is_out_of_the_record_before_it_is_touched():
    """And that of what is not touched stays in it."""
    recorded = released(entry(ONE), entry(TWO))
    wanted = ONE | {"data": {"key": "new"}}
    snapshot = Snapshot(
        live={ref_of(ONE): ours(ONE), ref_of(TWO): ours(TWO)},
        predicted={ref_of(ONE): ours(wanted)},
        proven=frozenset({ref_of(TWO)}),
    )
    client = Recorder(there(recorded))
    ran(client, intended(wanted, TWO, snapshot=snapshot, recorded=recorded))
    assert in_order(client.log, f"create {INDEXES}", "apply ml/configmaps/one")
    proofs = {
        each.ref.name: bool(each.owned) for each in written(client, f"create {INDEXES}").inventory
    }
    assert proofs == {"one": False, "two": True}


def test_what_left_the_bundle_is_pruned_when_all_else_is_ready():
    """It is in the record until then, and not any more after that."""
    recorded = released(entry(OLD))
    snapshot = Snapshot({ref_of(OLD): ours(OLD)}, {}, frozenset())
    client = Recorder(there(recorded))
    release = ran(client, intended(ONE, snapshot=snapshot, recorded=recorded))
    assert in_order(
        client.log,
        f"create {INDEXES}",
        "apply ml/configmaps/one",
        "ready a",
        "delete ml/configmaps/old",
        f"replace {INDEXES}/stackctl.ml.v2",
    )
    pending = written(client, f"create {INDEXES}")
    assert {each.ref.name for each in pending.inventory} == {"one", "old"}
    assert {each.ref.name for each in release.inventory} == {"one"}


def test_a_refused_apply_prunes_nothing_and_is_recorded():
    """The revision is recorded as failed before the lock is given back."""
    recorded = released(entry(OLD))
    snapshot = Snapshot({ref_of(OLD): ours(OLD)}, {}, frozenset())
    client = Recorder(there(recorded) | {"apply ml/configmaps/one": Invalid("no", status=422)})
    with pytest.raises(ApplyError, match="recorded as failed; nothing was pruned"):
        ran(client, intended(ONE, snapshot=snapshot, recorded=recorded))
    assert "delete ml/configmaps/old" not in client.log
    assert in_order(client.log, f"replace {INDEXES}/stackctl.ml.v2", f"delete {LEASE}")
    end = written(client, f"replace {INDEXES}/stackctl.ml.v2")
    assert end.status is ReleaseStatus.FAILED
    assert {each.ref.name for each in end.inventory} == {"one", "old"}


def test_a_lock_that_is_held_stops_everything():
    """Nothing of the stack is written, not even its record."""
    client = Recorder({f"read {LEASE}": HELD})
    with pytest.raises(LockedError, match="other@there"):
        ran(client, intended(ONE))
    assert client.writes == ["apply namespaces/stackctl-system"]


def test_a_plan_that_was_made_before_another_run_ended_is_not_carried_out():
    """What it was made from is looked for under the lock, which is given back."""
    client = Recorder(there(released()))
    with pytest.raises(ConflictError, match="revision 1 was recorded after the plan was made"):
        ran(client, intended(ONE))
    assert client.writes[1:] == [f"create {LEASES}", f"delete {LEASE}"]


def test_nothing_is_applied_that_cannot_be_recorded():
    """The refusal comes before the first change, and the lock is given back."""
    client = Recorder({f"create {INDEXES}": Forbidden("no ConfigMaps for you")})
    with pytest.raises(Forbidden):
        ran(client, intended(ONE))
    assert "apply ml/configmaps/one" not in client.log
    assert client.log[-1] == f"delete {LEASE}"


def test_who_has_lost_the_lock_writes_no_end():
    """Neither the record nor the lock is theirs any more."""
    client = Recorder({f"replace {LEASE}": StaleWrite("taken", status=409)})
    with pytest.raises(LockedError, match="the lock was lost"):
        ran(client, intended(ONE))
    assert client.log[-1] == f"replace {LEASE}"
    assert f"replace {INDEXES}/stackctl.ml.v1" not in client.log


def test_a_run_that_died_is_closed_by_the_next():
    """Once the new revision names everything, so that the old one is never the only word."""
    died = released(entry(ONE, proven=False), status=ReleaseStatus.PENDING_INSTALL)
    client = Recorder(there(died))
    ran(client, intended(ONE, recorded=died))
    assert in_order(
        client.log,
        f"create {INDEXES}",
        f"replace {INDEXES}/stackctl.ml.v1",
        "apply ml/configmaps/one",
    )
    end = written(client, f"replace {INDEXES}/stackctl.ml.v1")
    assert end.status is ReleaseStatus.FAILED
    assert "revision 2 goes on from it" in end.message


def test_what_somebody_else_made_meanwhile_leaves_the_record():
    """It was planned as new and is not ours."""
    client = Recorder(
        {
            "apply ml/configmaps/one": StaleWrite("it is there", status=409),
            "read ml/configmaps/one": live(ONE | {"metadata": {"name": "one", "namespace": "ml"}}),
        }
    )
    with pytest.raises(ApplyError, match="came into being"):
        ran(client, intended(ONE, TWO))
    end = written(client, f"replace {INDEXES}/stackctl.ml.v1")
    assert {each.ref.name for each in end.inventory} == {"two"}


# Teardown.


def scope(
    *manifests: Manifest, taken: Sequence[Manifest] = (), unseen: Sequence[Ref] = ()
) -> TeardownScope:
    """Everything that is there goes."""
    return TeardownScope(
        stack=ML,
        recorded=Recorded(released(*map(entry, manifests)), "7"),
        live={ref_of(each): ours(each) for each in manifests},
        taken={ref_of(each): ours(each) for each in taken},
        components={ref_of(each): "a" for each in manifests},
        leftovers=(Ref("", "Secret", "ml", "made-by-operator"),),
        node_managers=("device-plugin",),
        found=Survey({}, {}, {}),
        kept=(),
        unseen=dict.fromkeys(unseen, "its server is down"),
        delete_data=False,
    )


def torn_down(client: Recorder, what: TeardownScope) -> Sequence[Ref]:
    with running(connected(client), lambda _: None) as run:
        left = carry_out(run, what, CLAIM)
    return [each.ref for each in left.found]


def test_a_teardown_writes_in_this_order():
    """Lock, intent, objects, what their operators made, the record, and the lock back."""
    what = scope(ONE, thing("Deployment", "operator"))
    leftover = live(thing("Secret", "made-by-operator"))
    client = Recorder(
        there(what.recorded.release)
        | {"read namespaces/ml": ours(thing("Namespace", "ml"))}
        | {"read ml/secrets/made-by-operator": leftover}
    )
    assert torn_down(client, what) == []
    assert client.writes == [
        "apply namespaces/stackctl-system",
        f"create {LEASES}",
        f"replace {INDEXES}/stackctl.ml.v1",
        "delete ml/deployments/operator",
        "delete ml/configmaps/one",
        "delete ml/secrets/made-by-operator",
        f"replace {LEASE}",
        f"delete {INDEXES}/stackctl.ml.v1",
        f"delete {LEASE}",
    ]
    begun = written(client, f"replace {INDEXES}/stackctl.ml.v1")
    assert begun.status is ReleaseStatus.UNINSTALLING
    assert {each.ref for each in begun.inventory} == set(what.live)


def test_what_others_took_over_is_given_back_before_anything_is_deleted():
    """It stays as it is, without our marks."""
    client = Recorder(there(released()) | {"read ml/configmaps/two": ours(TWO)})
    torn_down(client, scope(ONE, taken=[TWO]))
    assert in_order(client.log, "patch ml/configmaps/two", "delete ml/configmaps/one")
    assert "delete ml/configmaps/two" not in client.log


def test_the_record_outlives_what_is_left():
    """What the scan still finds is named, and a second teardown knows of it."""
    what = scope(ONE)
    client = Recorder(
        there(what.recorded.release)
        | {"read namespaces/ml": ours(thing("Namespace", "ml"))}
        | {"list configmaps": listing(ours(ONE))}
    )
    assert torn_down(client, what) == [ref_of(ONE)]
    assert f"delete {INDEXES}/stackctl.ml.v1" not in client.log
    assert client.log[-1] == f"delete {LEASE}"


def test_a_refused_delete_leaves_the_record():
    """And gives the lock back."""
    what = scope(ONE)
    refusal = {"delete ml/configmaps/one": Forbidden("no")}
    client = Recorder(there(what.recorded.release) | refusal)
    with pytest.raises(ApplyError):
        torn_down(client, what)
    assert f"delete {INDEXES}/stackctl.ml.v1" not in client.log
    assert client.log[-1] == f"delete {LEASE}"
