"""What is kept of Pods and nodes says the same of them as the whole."""

import copy
import json
from typing import Any

import pytest

from stackctl.model.readiness import kept
from stackctl.model.readiness.children import is_settled, refused_pods
from stackctl.model.readiness.pod_faults import REFUSED, Patience, fault_of, unready
from stackctl.model.readiness.readiness import assess
from stackctl.model.readiness.requests import requested
from stackctl.model.shapes import json_text

CONTAINER = {
    "name": "main",
    "image": "example.com/x:1",
    "env": [{"name": "A", "value": "b"}],
    "resources": {"limits": {"nvidia.com/gpu": "2"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
}
STATES: dict[str, dict[str, Any]] = {
    "ready": {"running": {}},
    "pull": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling"}},
    "crash": {"waiting": {"reason": "CrashLoopBackOff"}},
    "starting": {"waiting": {"reason": "ContainerCreating"}},
}


def pod(state: str) -> dict[str, Any]:
    ready = state == "ready"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "p",
            "namespace": "ml",
            "uid": "u",
            "managedFields": [{"manager": "kubelet"}],
            "ownerReferences": [{"uid": "o", "controller": True}],
        },
        "spec": {"nodeName": "gpu-0", "containers": [CONTAINER], "volumes": [{"name": "v"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [
                {"type": "Ready", "status": str(ready), "lastProbeTime": None, "message": "no"}
            ],
            "containerStatuses": [
                {
                    "name": "main",
                    "ready": ready,
                    "restartCount": 3,
                    "imageID": "x",
                    "state": STATES[state],
                    "lastState": {"terminated": {"exitCode": 1, "containerID": "c"}},
                }
            ],
        },
    }


@pytest.mark.parametrize("state", STATES)
def test_a_shortened_pod_is_judged_as_the_whole(state):
    """Its faults with their hints, what it waits for, what it holds, and that it is well."""
    whole, short = pod(state), kept.pod(copy.deepcopy(pod(state)))
    assert fault_of(short, Patience()) == fault_of(whole, Patience())
    assert unready(short) == unready(whole)
    assert is_settled(short) is is_settled(whole) is (state == "ready")
    for each in (short, kept.request(copy.deepcopy(pod(state)))):
        assert requested(each, "nvidia.com/gpu") == 2
    assert len(json.dumps(short)) < len(json.dumps(whole))


def test_what_holds_a_pod_that_is_being_deleted_is_still_named():
    """Whoever waits for its end has to know whom to ask."""
    leaving = pod("ready")
    leaving["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a.com/b"]}
    short = kept.pod(copy.deepcopy(leaving))
    assert assess(short) == assess(leaving)
    assert "held by a.com/b" in assess(short).message


@pytest.mark.parametrize(
    ("group", "kind"), [("apps", "DaemonSet"), ("apps", "StatefulSet"), ("batch", "Job")]
)
def test_what_was_told_before_a_workload_was_last_written_is_over(group, kind):
    """When that was is kept, and not which fields were written."""
    claims = [{"manager": "m", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {}}}]
    metadata = {"name": "w", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    whole = {"kind": kind, "metadata": metadata | {"managedFields": claims}}
    event = {"reason": REFUSED, "involvedObject": {"uid": "u"}, "message": "no"}
    event |= {"lastTimestamp": "2026-01-01T12:00:00Z"}
    short = kept.of_kind(group, kind)(copy.deepcopy(whole))
    assert list(refused_pods(short, [event], Patience())) == []
    assert "fieldsV1" not in json.dumps(short)
    event |= {"lastTimestamp": "2026-01-02T12:00:00Z"}
    assert len(list(refused_pods(short, [event], Patience()))) == 1


def test_of_a_node_is_kept_what_it_offers_and_who_may_have_it():
    """Images and addresses are what makes nodes large."""
    node = {
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"a": "b"}, "managedFields": [{}]},
        "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}], "podCIDR": "10.0.0.0/24"},
        "status": {
            "allocatable": {"nvidia.com/gpu": "8"},
            "images": [{"names": ["x"]}],
            "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "now"}],
        },
    }
    assert kept.node(node) == {
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"a": "b"}},
        "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]},
        "status": {
            "allocatable": {"nvidia.com/gpu": "8"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        [],
        {"metadata": 3, "spec": "x", "status": []},
        {"spec": {"containers": 5, "initContainers": [None]}, "status": {"conditions": {}}},
    ],
)
@pytest.mark.parametrize("keep", [kept.pod, kept.node, kept.request, kept.unclaimed])
def test_what_is_no_object_is_left_to_whoever_checks_it(keep, odd):
    """It is shortened before it is checked."""
    keep(copy.deepcopy(odd))


LISTS = [
    '{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":[2,{"c":"]"}]}]}',
    ' { "items" : [ ] , "x" : null } ',
    '{"items":[1 , "two"],"items":null}',
    '{"items":{"items":[1]}}',
    '{"items":null}',
    "{}",
    "[1]",
    '"text"',
    '{"a":"\\u00e9\\n","items":[{"n":123456789012345678901234567890}]}',
]


@pytest.mark.parametrize("text", LISTS)
def test_a_list_that_is_read_in_parts_is_the_same_list(text):
    """Whatever its order and its blanks."""
    assert json_text.read_list(text.encode(), lambda item: item) == json_text.read(text)


@pytest.mark.parametrize("text", LISTS)
def test_a_list_that_is_cut_short_is_none(text):
    """At whichever letter: refused where the whole reader refuses it."""
    for end in range(len(text)):
        part = text[:end]
        try:
            expected = json_text.read(part)
        except ValueError:
            with pytest.raises(ValueError):  # noqa: PT011 - any of JSON's own
                json_text.read_list(part, lambda item: item)
        else:
            assert json_text.read_list(part, lambda item: item) == expected


@pytest.mark.parametrize("text", ['{"items":[1,]}', '{"items":[1 2]}', '{"a" 1}', "{1:2}", "{}x"])
def test_a_list_that_is_no_json_is_refused(text):
    """As the whole reader does."""
    for read in (json_text.read, lambda text: json_text.read_list(text, lambda item: item)):
        with pytest.raises(ValueError):  # noqa: PT011 - any of JSON's own
            read(text)


def test_each_item_is_shortened_as_it_comes():
    """So that the whole of all items is never there at once."""
    found = json_text.read_list('{"items":[{"a":1,"b":2},{"a":3}]}', lambda item: item["a"])
    assert found == {"items": [1, 3]}
