"""Whatever a live object says of itself is read as far as it goes, never a bug report."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.children import faults_of, unready_pods
from stackctl.model.readiness.finalizers import remedy, stuck
from stackctl.model.readiness.pod_faults import Patience
from stackctl.model.readiness.readiness import RULES, Surroundings, assess
from stackctl.model.readiness.serving import is_behind, issued, mounts_of, trusts_of
from stackctl.model.readiness.status import Status
from stackctl.model.shapes.live_shapes import STATUS, live_problems
from stackctl.model.shapes.ready_rules import ReadyRule

pytestmark = pytest.mark.fuzz

WORDS = """
    type status reason message name state waiting terminated ready Ready suspend runPolicy template
    conversion webhook clientConfig secretName volumes restartCount exitCode rollingUpdate
    updateStrategy applicationState spec metadata labels notAfter
"""
FIELDS = sorted({*STATUS, *WORDS.split()})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "True", "False", "Ready", "Failed", "Running", "1", "Unknown"])
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)
# What is nearly right goes further than what is not right at all.
CONDITIONS = st.lists(
    st.dictionaries(
        st.sampled_from(["type", "status", "reason", "message", "observedGeneration"]), LEAVES
    )
    | LEAVES,
    max_size=3,
)
STATUSES = ANYTHING | st.fixed_dictionaries(
    {}, optional={"conditions": CONDITIONS, **dict.fromkeys(FIELDS[:12], ANYTHING)}
)
SURROUNDINGS = [
    Surroundings(),
    Surroundings(reports=True),
    Surroundings(rule=ReadyRule(exists=True)),
    Surroundings(rule=ReadyRule(("Ready",), ("Failed",))),
    Surroundings(rule=ReadyRule(("1", "true"), state="status.state", message="status.message")),
    Surroundings(rule=ReadyRule(("Ready",), state="status.conditions[0].type")),
]
SERVICE = Ref("", "Service", "y", "s")


def thing(api: str, kind: str, spec: Any, status: Any) -> Manifest:
    metadata = {"name": "x", "namespace": "y", "uid": "u", "generation": 2}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


@settings(max_examples=300, deadline=None)
@given(spec=ANYTHING, status=STATUSES, around=st.sampled_from(SURROUNDINGS))
def test_a_custom_resource_of_any_shape_stands_somehow(spec, status, around):
    """Its author shapes it; nobody checks it before."""
    obj = thing("cert-manager.io/v1", "Certificate", spec, status)
    assert isinstance(assess(obj, around).status, Status)
    going = obj | {"metadata": obj["metadata"] | {"deletionTimestamp": "t", "finalizers": ["a/b"]}}
    assert assess(going, around).status is Status.TERMINATING
    assert "a/b" in stuck(going, {})
    assert "x" in remedy(going)
    ref = Ref("cert-manager.io", "Certificate", "y", "x")
    assert set(issued({ref: obj}).values()) <= {ref}
    assert not list(mounts_of({ref: obj}))
    assert not list(trusts_of(ref, obj))
    assert not is_behind(SERVICE, {ref: obj, SERVICE: {"spec": {"selector": {"a": "b"}}}}, ref)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind[1])
@settings(max_examples=60, deadline=None)
@given(spec=ANYTHING, status=STATUSES)
def test_what_passes_for_an_answer_of_the_server_can_be_read(kind, spec, status):
    """Built-in kinds are looked at when they come; what gets through has no surprises."""
    obj = thing(f"{kind[0]}/v1" if kind[0] else "v1", kind[1], spec, status)
    if live_problems(obj, kind):
        return
    assert isinstance(assess(obj).status, Status)
    faults_of(obj, lambda _: (), Patience())
    list(unready_pods(obj, lambda _: ()))
