"""Settings reach every object of their kind: images, scheduling, storage, labels."""

import pytest

from stackctl.model.catalogue.component import Image, Place
from stackctl.model.catalogue.profile import Settings
from stackctl.model.compose.bind import Binder
from stackctl.model.compose.embedded import formats
from stackctl.model.compose.object_set import Objects
from stackctl.model.compose.settings import applied, mirrored, rewrite_image_places
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.placement import accelerated
from stackctl.model.resolve.stack_settings import problems
from stackctl.model.shapes.decode import decode
from stackctl.sources.components import YAML
from tests.unit.fake import value, values


def settings(text: str) -> Settings:
    """Make settings from YAML."""
    return decode(Settings, value(text))


REQUIRED = """
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - {%s}
"""


@pytest.mark.parametrize(
    ("pod", "gpu"),
    [
        ("{}", False),
        ("{tolerations: [{operator: Exists}]}", False),
        ("{tolerations: [{key: node-role.kubernetes.io/control-plane}]}", False),
        ("{tolerations: [{key: nvidia.com/gpu, operator: Exists}]}", True),
        ("{nodeSelector: {disk: ssd}}", False),
        ("{nodeSelector: {nvidia.com/gpu.present: 'true'}}", True),
        ("{containers: [{resources: {limits: {cpu: 1, nvidia.com/gpu: 1}}}]}", True),
        ("{containers: [{resources: {limits: {nvidia.com/mig-1g.5gb: 1}}}]}", True),
        ("{containers: [{resources: {limits: {cpu: 1}, claims: [{name: x}]}}]}", False),
        ("{affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{}]}}}",
         False),
        (REQUIRED % "key: feature.node.kubernetes.io/pci-10de.present, operator: Exists", True),
        (REQUIRED % "key: nvidia.com/gpu.present, operator: In, values: ['true']", True),
        (REQUIRED % "key: nvidia.com/gpu.present, operator: DoesNotExist", False),
        (REQUIRED % "key: disk, operator: Exists", False),
    ],
)  # fmt: skip
def test_accelerated_pods_are_those_that_mean_gpu_nodes(pod, gpu):
    """They tolerate the taint, ask for the resource or select the label; all others are system."""
    assert accelerated(value(pod)) is gpu


POD = {
    "system": "{containers: [{name: a, image: i}], nodeSelector: {a: b}}",
    "accelerated": "{containers: [{name: a, image: i}], tolerations: [{key: nvidia.com/gpu}]}",
}
KINDS = [
    ("apps/v1", "Deployment", "spec.template"),
    ("apps/v1", "DaemonSet", "spec.template"),
    ("apps/v1", "StatefulSet", "spec.template"),
    ("batch/v1", "Job", "spec.template"),
    ("batch/v1", "CronJob", "spec.jobTemplate.spec.template"),
    ("v1", "Pod", ""),
]


def workload(version: str, kind: str, path: str, pod: str) -> Manifest:
    """Put a Pod's spec where a kind has it."""
    inner: Manifest = {"metadata": {"name": "x", "labels": {"app": "x"}}, "spec": value(pod)}
    for step in reversed([step for step in path.split(".") if step]):
        inner = {step: inner}
    return inner | {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "x", "labels": {"app": "x"}},
    }


def pod_of(manifest: Manifest, path: str) -> Manifest:
    """Return the Pod's spec again."""
    for step in [step for step in path.split(".") if step]:
        manifest = manifest[step]
    spec: Manifest = manifest["spec"]
    return spec


@pytest.mark.parametrize("where", KINDS, ids=[kind for _, kind, _ in KINDS])
@pytest.mark.parametrize(
    ("pod", "text", "key", "result"),
    [
        ("system", "nodeSelector: {system: {a: c, d: e}}", "nodeSelector", "{a: c, d: e}"),
        ("system", "nodeSelector: {accelerated: {a: c}}", "nodeSelector", "{a: b}"),
        ("accelerated", "nodeSelector: {accelerated: {a: c}}", "nodeSelector", "{a: c}"),
        ("system", "tolerations: {system: [{key: k}]}", "tolerations", "[{key: k}]"),
        ("accelerated", "tolerations: {accelerated: [{key: k}, {key: nvidia.com/gpu}]}",
         "tolerations", "[{key: nvidia.com/gpu}, {key: k}]"),
        ("system", "priorityClass: {system: high}", "priorityClassName", "high"),
        ("accelerated", "priorityClass: {system: high}", "priorityClassName", "null"),
        ("system", "imagePullSecrets: [a, b]", "imagePullSecrets", "[{name: a}, {name: b}]"),
        ("system", "imageRegistry: r.io/m", "containers",
         "[{name: a, image: r.io/m/library/i}]"),
    ],
)  # fmt: skip
def test_every_pod_template_gets_what_is_for_it(where, pod, text, key, result):
    """Whatever the kind of workload."""
    manifest = applied(workload(where[0], where[1], where[2], POD[pod]), settings(text))
    assert pod_of(manifest, where[2]).get(key) == value(result)


def test_labels_reach_objects_and_pods_but_never_selectors():
    """A label that is there keeps its value, or selectors would stop matching."""
    before = workload("apps/v1", "Deployment", "spec.template", POD["system"])
    before["spec"]["selector"] = {"matchLabels": {"app": "x"}}
    after = applied(before, settings("labels: {team: ml, app: other}"))
    assert after["metadata"]["labels"] == {"team": "ml", "app": "x"}
    assert after["spec"]["template"]["metadata"]["labels"] == {"team": "ml", "app": "x"}
    assert after["spec"]["selector"] == before["spec"]["selector"]


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("nvcr.io/nvidia/plugin:v1@sha256:0", "r.io/m/nvidia/plugin:v1@sha256:0"),
        ("kserve/agent:v1", "r.io/m/kserve/agent:v1"),
        ("nginx", "r.io/m/library/nginx"),
        ("localhost:5000/a/b:1", "r.io/m/a/b:1"),
        ("host:5000/a", "r.io/m/a"),
        ("r.io/m/a:1", "r.io/m/a:1"),
    ],
)
def test_an_image_keeps_its_path_in_another_registry(image, there):
    """Only the host changes, and Docker Hub's short names are spelled out."""
    assert mirrored(image, "r.io/m") == there


OUTSIDE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: ns}
data:
  a.json: '{"image": "k/i:v1"}'
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: r}
spec: {containers: [{name: k, image: "k/s:v1"}]}
"""


def test_images_outside_pods_follow():
    """Places that component.yaml lists, and containers of serving runtimes."""
    objects = Objects("ns")
    for manifest in values(OUTSIDE):
        objects.add(manifest)
    binder = Binder(objects, formats(YAML))
    place = Place("ConfigMap/c", key="a.json", path="image")
    absent = Place("ConfigMap/feature-that-is-off", key="a.json", path="image")
    rewrite_image_places(binder, (Image("k/i", "v1", places=(place, absent)),), "r.io")
    assert binder.read(place) == "r.io/k/i:v1"
    runtime = objects[objects.find("ClusterServingRuntime/r")]
    after = applied(runtime, settings("{imageRegistry: r.io, nodeSelector: {system: {a: b}}}"))
    assert after["spec"] == {"containers": [{"name": "k", "image": "r.io/k/s:v1"}]}


CLAIM = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: %s}"
SET = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: %s}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CLAIM % "{}", "{storageClassName: fast}"),
        (CLAIM % "{storageClassName: ''}", "{storageClassName: ''}"),
        (SET % "{volumeClaimTemplates: [{spec: {}}]}", "[{spec: {storageClassName: fast}}]"),
        (SET % "{volumeClaimTemplates: [{spec: {storageClassName: x}}]}",
         "[{spec: {storageClassName: x}}]"),
        (SET % "{serviceName: s}", "{serviceName: s}"),
    ],
)  # fmt: skip
def test_claims_that_name_no_storage_class_get_one(before, after):
    """A claim that names one, or none on purpose, is left alone."""
    spec = applied(value(before), settings("storageClass: fast"))["spec"]
    assert spec.get("volumeClaimTemplates", spec) == value(after)


def test_no_settings_change_nothing():
    """The same object comes back."""
    manifest = workload("apps/v1", "Deployment", "spec.template", POD["system"])
    assert applied(manifest, Settings()) is manifest


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("labels: {stackctl.dev/stack: mine}", "stackctl.dev/stack is set by stackctl itself"),
        ("labels: {'a b': c}", 'settings.labels: "a b" is no label'),
        ("labels: {a: 'b c'}", 'settings.labels.a: "b c" is no label value'),
        ("imageRegistry: https://r.io", "expected a host and perhaps a path"),
        ("imageRegistry: r.io/", "expected a host and perhaps a path"),
    ],
)
def test_settings_that_cannot_be_are_said(text, problem):
    """An API server would refuse them object by object."""
    assert [each for each in problems(settings(text)) if problem in each]
