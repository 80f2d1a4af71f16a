"""Maps merge, null deletes, lists replace; lists that have a key merge by it."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.objects.merge import OverlayError, expected, overlay, patched
from tests.unit.fake import value


@pytest.mark.parametrize(
    ("base", "patch", "result"),
    [
        ("1", "2", "2"),
        ("{a: 1}", "{b: 2}", "{a: 1, b: 2}"),
        ("{a: {b: 1, c: 2}}", "{a: {b: 3}}", "{a: {b: 3, c: 2}}"),
        ("{a: 1, b: 2}", "{a: null}", "{b: 2}"),
        ("{a: 1}", "{z: null}", "{a: 1}"),
        ("{a: [1, 2]}", "{a: [3]}", "{a: [3]}"),
        ("{a: 1}", "{a: {b: 2}}", "{a: {b: 2}}"),
        ("{a: {b: 1}}", "{a: 2}", "{a: 2}"),
        ("{}", "{a: {b: null, c: 1}}", "{a: {c: 1}}"),
        ("{a: {b: 1}}", "{a: {}}", "{a: {b: 1}}"),
    ],
)
def test_the_one_rule(base, patch, result):
    """What is laid over wins, key by key."""
    assert overlay(value(base), value(patch)) == value(result)


JSON = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abcd"), inner | st.none(), max_size=3)
    ),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("abcd"), JSON | st.none(), max_size=4)


def without_nulls(found: Any) -> bool:
    """Say whether no map inside has a null, lists left alone."""
    return not isinstance(found, dict) or all(
        item is not None and without_nulls(item) for item in found.values()
    )


@given(MAPS, MAPS)
def test_laying_over_twice_changes_nothing_more(base, patch):
    """The rule is idempotent, mutates nothing and leaves no null behind."""
    start = overlay({}, base)
    before = deepcopy((start, patch))
    once = overlay(start, patch)
    assert overlay(once, patch) == once
    assert (start, patch) == before
    assert without_nulls(once)


@given(MAPS)
def test_an_empty_patch_changes_nothing(base):
    """Nothing laid over something is something."""
    start = overlay({}, base)
    assert overlay(start, {}) == start


DEPLOYMENT = """
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: a
        image: i
        env: [{name: X, value: "1"}, {name: Y, value: "2"}]
        args: [one, two]
        ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]
        volumeMounts: [{mountPath: /a, name: v}]
        volumeDevices: [{devicePath: /dev/a, name: v}, {devicePath: /dev/b, name: v}]
      - {name: b, image: j}
      volumes: [{name: v, emptyDir: {}}]
      tolerations: [{key: k}]
"""


@pytest.mark.parametrize(
    ("patch", "path", "result"),
    [
        ("containers: [{name: a, image: new}]", "containers.0.image", "new"),
        ("containers: [{name: a, image: new}]", "containers.1.name", "b"),
        ("containers: [{name: c, image: k}]", "containers.2", "{name: c, image: k}"),
        ("containers: [{name: b, $patch: delete}]", "containers.1", "null"),
        ("containers: [{name: a, env: [{name: Y, value: '3'}]}]", "containers.0.env",
         "[{name: X, value: '1'}, {name: Y, value: '3'}]"),
        ("containers: [{name: a, env: [{name: X, $patch: delete}]}]", "containers.0.env",
         "[{name: Y, value: '2'}]"),
        ("containers: [{name: a, env: null}]", "containers.0.env", "null"),
        ("containers: [{name: a, args: [three]}]", "containers.0.args", "[three]"),
        ("containers: [{name: a, ports: [{containerPort: 80, name: web}]}]", "containers.0.ports",
         "[{containerPort: 80, protocol: TCP, name: web}, {containerPort: 80, protocol: UDP}]"),
        ("containers: [{name: a, volumeMounts: [{mountPath: /a, readOnly: true}]}]",
         "containers.0.volumeMounts", "[{mountPath: /a, name: v, readOnly: true}]"),
        ("containers: [{name: a, volumeDevices: [{devicePath: /dev/b, name: w}]}]",
         "containers.0.volumeDevices",
         "[{devicePath: /dev/a, name: v}, {devicePath: /dev/b, name: w}]"),
        ("volumes: [{name: w, emptyDir: {}}]", "volumes.1.name", "w"),
        ("tolerations: [{key: l}]", "tolerations", "[{key: l}]"),
        ("initContainers: [{name: z}]", "initContainers", "[{name: z}]"),
        ("imagePullSecrets: [{name: s}]", "imagePullSecrets", "[{name: s}]"),
        ("hostAliases: [{ip: 1.1.1.1, hostnames: [h]}]", "hostAliases.0.hostnames", "[h]"),
    ],
)  # fmt: skip
def test_lists_with_a_key_merge_by_it(patch, path, result):
    """An element is changed, added or taken out; the others stay, in order."""
    pod = patched(value(DEPLOYMENT), {"spec": {"template": {"spec": value(patch)}}})
    found = pod["spec"]["template"]["spec"]
    for step in path.split("."):
        found = (
            found.get(step) if isinstance(found, dict) else dict(enumerate(found)).get(int(step))
        )
    assert found == value(result)


@pytest.mark.parametrize(
    ("base", "patch", "result"),
    [
        ("{apiVersion: v1, kind: Service, spec: {ports: [{port: 80, name: a}, {port: 81}]}}",
         "{spec: {ports: [{port: 81, name: b}]}}", "[{port: 80, name: a}, {port: 81, name: b}]"),
        ("{apiVersion: a/v1, kind: NetworkPolicy, spec: {ports: [{port: 80}, {port: 81}]}}",
         "{spec: {ports: [{port: 82}]}}", "[{port: 82}]"),
    ],
)  # fmt: skip
def test_ports_merge_where_kubernetes_merges_them(base, patch, result):
    """Ports of a Service have a key, those of a NetworkPolicy have none."""
    assert patched(value(base), value(patch))["spec"]["ports"] == value(result)


def test_webhooks_merge_by_name():
    """One webhook of several can be changed."""
    base = value("{webhooks: [{name: a, timeoutSeconds: 1}, {name: b}]}")
    assert patched(base, value("{webhooks: [{name: b, timeoutSeconds: 2}]}")) == value(
        "{webhooks: [{name: a, timeoutSeconds: 1}, {name: b, timeoutSeconds: 2}]}"
    )


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ("{env: [{name: Z, $patch: delete}]}", "env: there is no Z to delete"),
        ("{env: [{value: x}]}", "env: an element does not say which one it is"),
        ("{spec: {$patch: delete}}", "spec: .patch: delete is for objects and list elements"),
        ("{env: [{name: A, $patch: replace}]}", ".patch: replace is not known"),
    ],
)
def test_patches_that_do_not_fit_are_refused(patch, problem):
    """What a patch takes out must be there."""
    with pytest.raises(OverlayError, match=problem):
        patched(value("{env: [{name: A}], spec: {a: 1}}"), value(patch))


def test_the_patched_object_is_another_one():
    """Manifests are never mutated."""
    base = value(DEPLOYMENT)
    before = deepcopy(base)
    patched(base, {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "n"}]}}}})
    assert base == before


def test_what_is_expected_of_an_object_has_its_defaults_again():
    """In elements of lists too; of elements, as many as are sent."""
    port = {"containerPort": 80, "protocol": "TCP"}
    one = {"name": "a", "image": "a:1", "imagePullPolicy": "Always", "ports": [port]}
    live = {"spec": {"template": {"spec": {"containers": [one, {"name": "b"}], "dnsPolicy": "x"}}}}
    sent = {"name": "a", "image": "a:2", "args": ["-v"], "ports": [{"containerPort": 80}]}
    found = expected(live, {"spec": {"template": {"spec": {"containers": [sent]}}}})
    pod = found["spec"]["template"]["spec"]
    assert pod == {"containers": [one | {"image": "a:2", "args": ["-v"]}], "dnsPolicy": "x"}


@pytest.mark.parametrize("items", [["a"], [{"image": "nameless"}], [{"name": {}}]])
def test_elements_that_do_not_say_which_they_are_replace_what_is_there(items):
    there = {"containers": [{"name": "a", "image": "a:1"}]}
    assert expected(there, {"containers": items}) == {"containers": items}
