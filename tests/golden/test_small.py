"""What is made for small clusters fits them, and finds images for their processors."""

from collections.abc import Iterator

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.objects import paths
from stackctl.model.objects.quantities import amount
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.pod_specs import pod_specs

GIB = 2**30
RUNNING = {"DaemonSet", "Deployment", "Job", "StatefulSet"}
# Published for arm64 beside amd64, as their projects' releases or build files say.
FOR_BOTH = {
    "docker.io/library/eclipse-mosquitto",
    "nvcr.io/nvidia/tritonserver",
    "quay.io/prometheus/node-exporter",
    "quay.io/prometheus/prometheus",
    "registry.k8s.io/kube-state-metrics/kube-state-metrics",
}


# In the other way of keeping what HDFS knows, there are no checkpoints to make small.
TWO_NAMENODES = ("hdfs.features.high-availability=true", "hdfs.features.checkpoint=false")


def objects(profile: str, *sets: str) -> list[Manifest]:
    """Return everything that a profile comes to."""
    bundle = compose_stack(StackRequest(profile=profile, sets=sets)).bundle
    return [each for part in bundle.components for each in part.objects]


def containers(manifest: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield what runs all the time in an object, with the Pod it is in."""
    for path in pod_specs(manifest):
        pod = paths.get(manifest, path, {})
        for each in pod.get("containers", ()):
            yield pod, each


def asked(profile: str, *sets: str) -> dict[str, float]:
    """Add up what a profile sets aside on one node."""
    total = {"cpu": 0.0, "memory": 0.0}
    for manifest in objects(profile, *sets):
        if manifest["kind"] not in RUNNING:  # runtimes of models are no Pods yet
            continue
        number = manifest.get("spec", {}).get("replicas", 1)
        for _, each in containers(manifest):
            for what in total:
                total[what] += number * amount(each["resources"]["requests"][what])
    return total


def test_the_edge_leaves_half_of_a_small_cluster_to_itself():
    """2 CPUs and 4 GB in all: k3s's programs, the system and a model's clients want the rest."""
    said = asked("edge")
    assert said["cpu"] <= 1
    assert said["memory"] <= 2 * 10**9


@pytest.mark.parametrize(
    ("profile", "cpu", "memory"), [("base", 1, 1), ("serve", 1, 2), ("data", 2, 4), ("train", 2, 2)]
)
def test_small_makes_other_profiles_small(profile, cpu, memory):
    """The same programs, for a laptop: fewer CPUs and GiB than they have by themselves."""
    plain, small = asked(profile), asked(f"{profile}+small")
    assert small["cpu"] < plain["cpu"]
    assert small["memory"] < plain["memory"]
    assert small["cpu"] <= cpu
    assert small["memory"] <= memory * GIB


def test_small_goes_with_two_namenodes():
    """What it says of checkpoints is left aside without them; JournalNodes shrink too."""
    plain, small = asked("data", *TWO_NAMENODES), asked("data+small", *TWO_NAMENODES)
    assert small["memory"] <= plain["memory"] / 2
    (journal,) = [
        each for each in objects("data+small", *TWO_NAMENODES)
        if (each["kind"], each["metadata"]["name"]) == ("StatefulSet", "hdfs-journalnode")
    ]  # fmt: skip
    (container,) = [each for _, each in containers(journal)]
    assert container["resources"]["requests"]["memory"] == "256Mi"


def test_small_asks_for_no_more_than_it_limits():
    """A request above its limit is refused by the API server."""
    for profile in (
        "edge",
        "base+small",
        "data+small",
        "serve+small",
        "gpu8+monitoring+small",
        "full+small",
    ):
        for manifest in objects(profile):
            for _, each in containers(manifest):
                for what, limit in each["resources"].get("limits", {}).items():
                    assert amount(each["resources"]["requests"].get(what, limit)) <= amount(limit)


def processors(manifest: Manifest) -> dict[str, str]:
    """Return the images of an object, with the processor that their Pod asks for, if any."""
    return {
        each["image"].rpartition(":")[0]: pod["nodeSelector"].get("kubernetes.io/arch", "")
        for pod, each in containers(manifest)
    }


def test_what_runs_at_the_edge_is_made_for_both_processors():
    """An arm64 node can take every Pod of it, and so can an amd64 one."""
    found = [processors(each) for each in objects("edge")]
    assert {image for each in found for image in each} <= FOR_BOTH
    assert {one for each in found for one in each.values()} == {""}


def test_tensorflow_serving_says_that_it_is_made_for_one_alone():
    """Its Pods wait for an amd64 node, rather than fail on another."""
    found = [processors(each) for each in objects("serve")]
    said = {each[image] for each in found for image in each if image.endswith("tensorflow/serving")}
    assert said == {"", "amd64"}
