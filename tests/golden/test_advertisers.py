"""What makes accelerators requestable, as shipped, and that there is one of a kind."""

from pathlib import Path

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.errors import ConfigError
from stackctl.model.catalogue.profile import GpuNeeds
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.installations import already_there, installations, sign_of
from stackctl.sources.files import read_catalogue


@pytest.mark.parametrize(
    ("profile", "sets", "offered"),
    [
        ("gpu8", (), 8),
        ("gpu8-shared", (), 32),
        ("gpu8-shared", ("nvidia-device-plugin.timeSlicingReplicas=10",), 80),
        ("gpu8+mig", (), 56),
        ("gpu8+mig", ("mig-manager.layout=4",), 32),
        ("gpu8+mig", ("mig-manager.layout=whole",), 8),
        ("gpu8+mig", ("mig-manager.layout=balanced",), 8),
        ("gpu8-shared+mig", (), 224),
        ("gpu8+mig", ("nvidia-device-plugin.features.mig=false",), 8),
    ],
)
def test_a_node_is_expected_to_offer_what_its_gpus_are_divided_into(profile, sets, offered):
    """By the parameters of who divides them; in several sizes no less than whole."""
    needs = compose_stack(StackRequest(profile=profile, sets=sets)).bundle.requires.gpu
    assert needs == GpuNeeds(1, 8, shares=needs.shares)
    assert needs.offered == offered


def workload(image: str) -> Manifest:
    """Make a DaemonSet of somebody else's."""
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "theirs", "namespace": "theirs"},
        "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}},
    }


def profile(folder: Path, needs: str, components: str) -> StackRequest:
    """Ask for a profile of a test's own."""
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "own.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: own}\n"
        f"spec: {{components: {components}, requires: {{gpu: {needs}}}}}\n",
        encoding="utf-8",
    )
    return StackRequest(profile="own", catalogs=(folder,))


def test_a_profile_may_count_on_other_makers(tmp_path):
    """AMD's plugin beside NVIDIA's, and TPUs that nothing is installed for."""
    both = "{amd-device-plugin: {}, nvidia-device-plugin: {}}"
    for resource in ("amd.com/gpu", "google.com/tpu", "nvidia.com/gpu"):
        asked = profile(tmp_path, f"{{nodes: 2, perNode: 8, resource: {resource}}}", both)
        assert compose_stack(asked).bundle.requires.gpu == GpuNeeds(2, 8, resource)
    with pytest.raises(ConfigError, match="an extended resource, such as"):
        compose_stack(profile(tmp_path, "{nodes: 1, resource: tpu}", both))


ONE_OF_A_KIND = (
    "nvidia-device-plugin",
    "amd-device-plugin",
    "mig-manager",
    "training-operator",
    "trainer",
    "jobset",
    "kueue",
    "kuberay",
    "leaderworkerset",
    "katib",
    "notebooks",
)
NEEDED = {"trainer": ("jobset",)}


@pytest.mark.parametrize("plugin", ONE_OF_A_KIND)
def test_two_for_the_same_gpus_or_kinds_are_refused(plugin, tmp_path):
    """By what they provide, before a cluster is looked at."""
    (capability,) = read_catalogue().components[plugin].spec.provides
    folder = tmp_path / "manifests" / "second"
    (folder / "base").mkdir(parents=True)
    (folder / "component.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Component\n"
        "metadata: {name: second, description: another}\n"
        f"spec: {{version: 1.0.0, namespace: second, provides: [{capability}]}}\n",
        encoding="utf-8",
    )
    (folder / "base" / "namespace.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: second}\n", encoding="utf-8"
    )
    needed = "".join(f", {name}: {{}}" for name in NEEDED.get(plugin, ()))
    components = f"{{{plugin}: {{}}, second: {{}}, node-feature-discovery: {{}}{needed}}}"
    with pytest.raises(ConfigError, match=rf"{plugin} .*{capability}|{capability}.*{plugin}"):
        compose_stack(profile(tmp_path, "{}", components))


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("mirror.example.com/m/nvidia/k8s-device-plugin:v0.17.1", {"nvidia-device-plugin"}),
        ("gke.gcr.io/nvidia-gpu-device-plugin@sha256:0", {"nvidia-device-plugin"}),
        ("docker.io/rocm/k8s-device-plugin:latest", {"amd-device-plugin"}),
        ("rocm/gpu-operator:v1.4.0", {"amd-device-plugin"}),
        ("nvcr.io/nvidia/gpu-operator:v26.7.0", {"nvidia-device-plugin", "mig-manager"}),
        ("nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.12.0", {"mig-manager"}),
        ("example.com/team/k8s-device-plugin:v1", set()),
        ("ghcr.io/kubeflow/kubeflow/notebook-controller:v1.10.0", {"notebooks"}),
        ("quay.io/opendatahub/odh-notebook-controller:main", {"notebooks"}),
        ("docker.io/kubeflowkatib/katib-controller:v0.17.0", {"katib"}),
        ("docker.io/kubeflow/training-operator:v1-855e096", {"training-operator"}),
        ("gcr.io/kubeflow-images-public/tf-operator:v1.0.1", {"training-operator"}),
        ("ghcr.io/kubeflow/trainer/trainer-controller-manager:v2.0.0", {"trainer"}),
        ("us-central1-docker.pkg.dev/k8s-staging-images/jobset/jobset:v0.8.0", {"jobset"}),
        ("mirror.example.com/kueue/kueue:v0.12.0", {"kueue"}),
        ("rayproject/kuberay-operator:v1.0.0", {"kuberay"}),
        ("quay.io/kuberay/operator:v1.4.0", {"kuberay"}),
        ("registry.k8s.io/lws/lws:v0.6.0", {"leaderworkerset"}),
        ("docker.io/mpioperator/mpi-operator:0.8.0", set()),
    ],
)
def test_who_is_there_already_is_known_by_its_image(image, known):
    """Whatever the registry; that it ends a deploy is shown in `test_installations`."""
    catalogue = read_catalogue().components
    signs = {name: catalogue[name].spec.detect for name in ONE_OF_A_KIND}
    found = {name for name in ONE_OF_A_KIND if sign_of(workload(image), signs[name])}
    assert found == known


@pytest.mark.parametrize(("mpijob", "left"), [("true", "features: {mpijob: false}"), ("false", "")])
def test_an_mpi_operator_is_left_its_jobs(mpijob, left, tmp_path):
    """MPIJob has two versions by two operators under one name: one of them has to go without."""
    chosen = f"{{training-operator: {{features: {{mpijob: {mpijob}}}}}}}"
    (part,) = compose_stack(profile(tmp_path, "{}", chosen)).bundle.components
    theirs = workload("docker.io/mpioperator/mpi-operator:0.8.0")
    found = list(already_there(installations([part], [theirs], StackId("own")), [part]))
    assert [left in each.hint for each in found] == [True] * bool(left)


@pytest.mark.parametrize("mpijob", ["true", "false"])
def test_an_mpi_operator_of_ones_own_is_not_beside_ours(mpijob, tmp_path):
    """As a component that says what it provides; with the feature off both go together."""
    folder = tmp_path / "manifests" / "mpi-operator"
    (folder / "base").mkdir(parents=True)
    (folder / "component.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Component\n"
        "metadata: {name: mpi-operator, description: runs MPIJobs of version 2}\n"
        "spec: {version: 0.8.0, namespace: mpi, provides: [mpi], conflicts: [mpi]}\n",
        encoding="utf-8",
    )
    (folder / "base" / "namespace.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: mpi}\n", encoding="utf-8"
    )
    ours = f"training-operator: {{features: {{mpijob: {mpijob}}}}}"
    asked = profile(tmp_path, "{}", f"{{{ours}, mpi-operator: {{}}}}")
    if mpijob == "false":
        assert len(compose_stack(asked).bundle.components) == 2
        return
    with pytest.raises(ConfigError, match=r"mpi-operator cannot share .* training-operator"):
        compose_stack(asked)
