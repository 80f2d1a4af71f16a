"""How a recorded stack stands, as far as it is counted."""

from stackctl.cluster.status.gpus import gpus
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.preflight import GPU, Facts, Node
from stackctl.model.release.release import Release, ReleaseStatus

RELEASE = Release(
    stack=StackId("ml", RECORD_NAMESPACE),
    revision=1,
    status=ReleaseStatus.DEPLOYED,
    profile="gpu8",
    bundle="",
    cluster="",
    by="",
    tool="",
    begun="",
    requires=Needs(gpu=GpuNeeds(1, 8)),
)


def test_gpus_are_counted_as_kubernetes_writes_them():
    """A quantity may be written with a suffix: 1k are a thousand, 500m is not one."""
    nodes = (Node("a", {GPU: "1k"}, {}), Node("b", {GPU: "500m"}, {}), Node("c", {}, {}))
    (found,) = gpus(RELEASE, Facts("v1.36.3", nodes, (), False, frozenset()))
    assert (found.allocatable, found.nodes) == (1000, {"a": 1000, "b": 0})
