"""In which order a bundle is applied, and what is begun no more once something is wrong."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from stackctl.cluster.change import apply
from stackctl.cluster.change.outcome import Outcome
from stackctl.errors import (
    AlreadyExists,
    ApplyError,
    Invalid,
    NotReadyError,
    StaleWrite,
    Unreachable,
)
from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.plan.plan import Snapshot, make
from stackctl.model.run.events import ComponentProgress, ComponentState, Event
from stackctl.model.run.failure_policy import OnFailure
from tests.unit.recorder import ML, Recorder, definition, live, ours, session, thing

ONE, TWO = thing("ConfigMap", "one"), thing("ConfigMap", "two")
HOOK = thing("ValidatingWebhookConfiguration", "hook")


def part(name: str, *objects: Manifest, needs: str = "", **fields) -> BundleComponent:
    return BundleComponent(name, "1", "ml", objects, needs=frozenset(needs.split()), **fields)


def applied(
    client: Recorder,
    *parts: BundleComponent,
    snapshot: Snapshot | None = None,
    on_failure: OnFailure = OnFailure.CONTINUE,
    workers: int = 1,
    stopped: bool = False,
    trouble: Exception | None = None,
) -> Outcome:
    """Apply components to what a snapshot says is there; nothing, if there is none."""
    bundle, outcome = Bundle("p", parts), Outcome()
    plan = make(bundle, ML, snapshot or Snapshot({}, {}, frozenset()), ())
    with session(client, workers=workers) as run:
        if stopped:
            run.abandoned.set()
        run.observer.trouble = trouble  # type: ignore[attr-defined]
        apply.carry_out(run, bundle, plan, on_failure, outcome)
    return outcome


def test_a_component_waits_for_what_it_needs():
    """It is applied when the other is ready, and not before, in whatever order they are named."""
    client = Recorder()
    applied(client, part("b", TWO, needs="a"), part("a", ONE))
    assert client.log == [
        "apply ml/configmaps/one",
        "wait-ready one",
        "apply ml/configmaps/two",
        "wait-ready two",
    ]


def test_objects_of_a_component_are_applied_in_the_order_of_kinds():
    """A kind is served before there are objects of it, and these come when webhooks answer."""
    client = Recorder()
    job, workload = thing("Job", "job"), thing("Deployment", "operator")
    applied(client, part("a", job, HOOK, workload, definition(), thing("Namespace", "ml")))
    assert client.log == [
        "apply namespaces/ml",
        "apply apiextensions.k8s.io/v1/customresourcedefinitions/jobs.e.dev",
        "wait-established jobs.e.dev",
        "apply ml/deployments/operator",
        "apply admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hook",
        "wait-ready hook jobs.e.dev ml operator",
        "apply ml/jobs/job",
        "wait-ready hook job jobs.e.dev ml operator",
    ]


def test_a_component_lends_its_turn_while_it_waits():
    """There are more components than turns, and all of them come to wait at the same time."""
    count = apply.AT_ONCE + 2
    together = threading.Barrier(count)
    parts = [part(f"p{n}", definition(f"d{n}.e.dev")) for n in range(count)]
    bundle, outcome = Bundle("p", tuple(parts)), Outcome()
    plan = make(bundle, ML, Snapshot({}, {}, frozenset()), ())
    with session(Recorder(), workers=4) as run:

        def wait_established(*_: object, **__: object) -> None:
            together.wait(10)

        run.observer.wait_established = wait_established  # type: ignore[method-assign]
        apply.carry_out(run, bundle, plan, OnFailure.CONTINUE, outcome)
    assert set(outcome.states.values()) == {ComponentState.READY}


def test_nothing_is_sent_for_what_is_proven_unchanged():
    """It is waited for all the same."""
    client, there = Recorder(), ours(ONE)
    snapshot = Snapshot({ref_of(ONE): there}, {}, frozenset({ref_of(ONE)}))
    outcome = applied(client, part("a", ONE), snapshot=snapshot)
    assert client.log == ["wait-ready one"]
    assert outcome.attempted == set()
    assert outcome.states == {"a": ComponentState.UNCHANGED}


def test_what_another_looks_after_is_not_touched():
    """Nothing is sent or waited for where a component is external."""
    client = Recorder()
    outcome = applied(client, part("a", ONE, mode=Mode.EXTERNAL), part("b", TWO, needs="a"))
    assert client.writes == ["apply ml/configmaps/two", "wait-ready two"]
    assert outcome.states["a"] is ComponentState.UNCHANGED


def test_a_failure_reaches_those_who_need_it_and_no_others():
    """What needs a failed component is skipped, and so is what needs that."""
    client = Recorder({"apply ml/configmaps/one": Invalid("no such field", status=422)})
    others = (part("b", TWO, needs="a"), part("c", needs="b"))
    outcome = applied(client, part("a", ONE), *others, part("d", thing("ConfigMap", "four")))
    assert outcome.states == {
        "a": ComponentState.FAILED,
        "b": ComponentState.SKIPPED,
        "c": ComponentState.SKIPPED,
        "d": ComponentState.READY,
    }
    assert "apply ml/configmaps/two" not in client.log
    assert str(outcome.error()) == "a: no such field\nnot attempted: b, c"


def test_a_failure_counts_what_is_as_it_was():
    """An object that is refused makes none of the others worse, however early it comes."""
    told: list[ComponentProgress] = []
    client = Recorder({"apply ml/configmaps/one": Invalid("no such field", status=422)})
    bundle, outcome = Bundle("p", (part("a", definition(), ONE, TWO),)), Outcome()
    there = {ref_of(each): ours(each) for each in (definition(), TWO)}
    plan = make(bundle, ML, Snapshot(there, {}, frozenset(there)), ())

    def note(event: Event) -> None:
        if isinstance(event, ComponentProgress) and event.state is ComponentState.FAILED:
            told.append(event)

    with session(client) as run:
        apply.carry_out(replace(run, notify=note), bundle, plan, OnFailure.CONTINUE, outcome)
    assert [(each.ready, each.total) for each in told] == [(2, 3)]


@pytest.mark.parametrize(
    ("policy", "begun"),
    [(OnFailure.CONTINUE, True), (OnFailure.STOP, False), (OnFailure.ROLLBACK, False)],
)
def test_after_a_failure_the_policy_says_whether_others_begin(policy, begun):
    """What has nothing to do with the failed component and was not begun when that failed."""
    failed = threading.Event()
    client = Recorder({"apply ml/configmaps/one": Invalid("no such field", status=422)})
    three = part("c", thing("ConfigMap", "three"), needs="b")
    bundle, outcome = Bundle("p", (part("a", ONE), part("b", TWO), three)), Outcome()
    plan = make(bundle, ML, Snapshot({}, {}, frozenset()), ())

    def told(event: Event) -> None:
        if isinstance(event, ComponentProgress) and event.state is ComponentState.FAILED:
            failed.set()

    def wait(*_: object, **__: object) -> None:
        failed.wait(10)

    with session(client) as run:
        run.observer.wait = wait  # type: ignore[method-assign]
        apply.carry_out(replace(run, notify=told), bundle, plan, policy, outcome)
    assert ("apply ml/configmaps/three" in client.log) is begun
    assert (outcome.states["c"] is ComponentState.SKIPPED) is not begun


def test_all_objects_of_a_step_are_tried_and_all_refusals_told():
    """The first refusal does not hide the second; the next step is not begun."""
    client = Recorder(
        {
            "apply ml/configmaps/one": Invalid("one is wrong", status=422),
            "apply ml/configmaps/two": Invalid("two is wrong", status=422),
        }
    )
    workload = thing("Deployment", "d")
    outcome = applied(client, part("a", ONE, TWO, workload))
    assert client.log == ["apply ml/configmaps/one", "apply ml/configmaps/two"]
    assert str(outcome.failures["a"]) == "one is wrong\ntwo is wrong"


def test_a_server_that_says_nothing_is_told_once():
    """As many requests are on their way as there are workers; what was refused is told first."""
    mute = Unreachable("no answer from https://recorded within 3s", hint="see whether it is alive")
    things = [thing("ConfigMap", f"c{number}") for number in range(5)]
    script: dict[str, Any] = {f"apply ml/configmaps/c{number}": mute for number in range(4)}
    script["apply ml/configmaps/c4"] = Invalid("c4 is wrong", status=422)
    failure = applied(Recorder(script), part("a", *things)).failures["a"]
    assert str(failure).splitlines() == [
        "c4 is wrong",
        "no answer from https://recorded within 3s",
        "and 3 more, for the same reason",
    ]
    assert failure.hint == "see whether it is alive"


def test_what_is_not_ready_is_told_as_that():
    """Nothing was refused, so the whole is not said to have been."""
    outcome = applied(Recorder(), part("a", ONE), trouble=NotReadyError("one: never"))
    assert isinstance(outcome.error(), NotReadyError)


def test_a_refused_apply_weighs_more_than_what_is_not_ready():
    """Of both, the error is that of the refusal."""
    outcome = Outcome(failures={"a": NotReadyError("x"), "b": ApplyError("y")})
    assert isinstance(outcome.error(), ApplyError)


def test_nothing_is_begun_once_the_run_is_over():
    """A stop that comes before the first request leaves nothing attempted."""
    client = Recorder()
    outcome = applied(client, part("a", ONE), stopped=True)
    assert client.writes == []
    assert outcome.attempted == set()


def test_a_new_object_must_not_be_there_yet():
    """It is sent with the version that says so."""
    client = Recorder()
    applied(client, part("a", ONE))
    sent = client.body("apply ml/configmaps/one")
    assert sent["metadata"]["resourceVersion"] == "1"


def test_what_came_into_being_meanwhile_is_somebody_elses():
    """It is looked at, named, and neither changed nor called ours."""
    there = live(ONE | {"metadata": ONE["metadata"] | {"labels": {}}})
    client = Recorder(
        {
            "apply ml/configmaps/one": StaleWrite("it is there", status=409),
            "read ml/configmaps/one": there,
        }
    )
    outcome = applied(client, part("a", ONE))
    assert client.log == ["apply ml/configmaps/one", "read ml/configmaps/one"]
    assert outcome.foreign == {ref_of(ONE)}
    assert "came into being after the plan was made" in str(outcome.failures["a"])


def test_a_change_is_sent_to_the_version_that_was_looked_at():
    """With the uid and the version of the snapshot."""
    there = ours(ONE, resourceVersion="41")
    ref = ref_of(ONE)
    client = Recorder()
    wanted = ONE | {"data": {"key": "new"}}
    snapshot = Snapshot({ref: there}, {ref: ours(wanted)}, frozenset())
    applied(client, part("a", wanted), snapshot=snapshot)
    sent = client.body("apply ml/configmaps/one")["metadata"]
    assert (sent["uid"], sent["resourceVersion"]) == ("uid-one", "41")


def test_what_was_written_to_meanwhile_is_looked_at_again():
    """It is read, tried, found to be as agreed, and applied to its new version."""
    there, ref = ours(ONE, resourceVersion="41"), ref_of(ONE)
    wanted = ONE | {"data": {"key": "new"}}
    result = ours(wanted)
    client = Recorder(
        {
            "apply ml/configmaps/one": [StaleWrite("moved on", status=409), result],
            "read ml/configmaps/one": ours(ONE, resourceVersion="42"),
            "try ml/configmaps/one": result,
        }
    )
    applied(client, part("a", wanted), snapshot=Snapshot({ref: there}, {ref: result}, frozenset()))
    assert client.log == [
        "apply ml/configmaps/one",
        "read ml/configmaps/one",
        "try ml/configmaps/one",
        "apply ml/configmaps/one",
        "wait-ready one",
    ]
    assert client.body("apply ml/configmaps/one")["metadata"]["resourceVersion"] == "42"


def test_what_nobody_agreed_to_is_not_done():
    """The object has changed so that the apply would change something else: it is left."""
    there, ref = ours(ONE), ref_of(ONE)
    wanted = ONE | {"data": {"key": "new"}}
    client = Recorder(
        {
            "apply ml/configmaps/one": StaleWrite("moved on", status=409),
            "read ml/configmaps/one": ours(ONE | {"data": {"other": "x"}}, resourceVersion="42"),
            "try ml/configmaps/one": ours(wanted),
        }
    )
    snapshot = Snapshot({ref: there}, {ref: ours(wanted)}, frozenset())
    outcome = applied(client, part("a", wanted), snapshot=snapshot)
    assert client.log.count("apply ml/configmaps/one") == 1
    assert "changed after the plan was made" in str(outcome.failures["a"])


def test_what_is_being_deleted_is_gone_before_it_is_made_again():
    """Whoever deletes it."""
    there = ours(ONE, deletionTimestamp="2026-11-27T20:00:00Z")
    client = Recorder()
    applied(client, part("a", ONE), snapshot=Snapshot({ref_of(ONE): there}, {}, frozenset()))
    assert client.log == ["wait-gone one", "apply ml/configmaps/one", "wait-ready one"]


def test_a_recreated_object_comes_back_where_the_new_one_is_refused():
    """Deleted, waited for, refused, and the old one made again."""
    there, ref = ours(ONE), ref_of(ONE)
    client = Recorder(
        {"apply ml/configmaps/one": [Invalid("no", status=422), live(ONE)]},
    )
    snapshot = Snapshot({ref: there}, {}, frozenset(), fixed={ref: ("data is immutable",)})
    outcome = applied(client, part("a", ONE), snapshot=snapshot)
    assert client.log == [
        "delete ml/configmaps/one",
        "wait-gone one",
        "apply ml/configmaps/one",
        "apply ml/configmaps/one",
    ]
    assert "the old one is back" in str(outcome.failures["a"])


def test_a_lost_answer_is_recognised():
    """What this very run has made is its own, although making it again is refused."""
    client = Recorder()
    made = applied(client, part("a", ONE)).applied[ref_of(ONE)]
    again = Recorder(
        {
            "apply ml/configmaps/one": AlreadyExists("it is there", status=409),
            "read ml/configmaps/one": made,
        }
    )
    assert applied(again, part("a", ONE)).applied == {ref_of(ONE): made}
