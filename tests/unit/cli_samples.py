"""Values as the actions return them, for the tests of how they look."""

from dataclasses import replace
from datetime import UTC, datetime

from stackctl.errors import NotReadyError
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Drift, Plan
from stackctl.model.plan.preflight import Finding
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.run.events import ComponentState
from stackctl.model.run.outcome import (
    ComponentStatus,
    DeployOutcome,
    Gpus,
    ObjectStatus,
    Residue,
    SmokeOutcome,
    SmokeResult,
    StackStatus,
    StackSummary,
    TargetInfo,
    TeardownOutcome,
)

NOW = datetime(2026, 11, 22, 15, 30, 0, tzinfo=UTC)

TARGET = TargetInfo(
    context="stackctl-sandbox",
    server="https://127.0.0.1:36443",
    cluster_uid="6d0c8c1e-7f2e-4a4d-9a53-0f1f6a2b7c11",
    version="v1.36.3",
    simulated=True,
)

GROUPS = {
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "ClusterRole": "rbac.authorization.k8s.io",
    "ClusterRoleBinding": "rbac.authorization.k8s.io",
    "Role": "rbac.authorization.k8s.io",
    "RoleBinding": "rbac.authorization.k8s.io",
    "Deployment": "apps",
    "DaemonSet": "apps",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io",
    "ClusterServingRuntime": "serving.kserve.io",
}
CLUSTER_WIDE = frozenset(
    {"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ClusterServingRuntime"}
)

# component → how many objects of which kind, as a deploy of eight-GPU nodes has them
SHAPES = {
    "cert-manager": {
        "Namespace": 1,
        "CustomResourceDefinition": 6,
        "ServiceAccount": 3,
        "ClusterRole": 12,
        "ClusterRoleBinding": 10,
        "Role": 4,
        "RoleBinding": 4,
        "Service": 3,
        "Deployment": 3,
        "MutatingWebhookConfiguration": 1,
        "ValidatingWebhookConfiguration": 1,
    },
    "kserve": {
        "Namespace": 1,
        "CustomResourceDefinition": 12,
        "ServiceAccount": 2,
        "ClusterRole": 6,
        "ClusterRoleBinding": 4,
        "Role": 2,
        "RoleBinding": 2,
        "ConfigMap": 1,
        "Service": 3,
        "Deployment": 2,
        "MutatingWebhookConfiguration": 1,
        "ValidatingWebhookConfiguration": 8,
        "ClusterServingRuntime": 9,
    },
    "node-feature-discovery": {
        "Namespace": 1,
        "CustomResourceDefinition": 3,
        "ServiceAccount": 3,
        "ClusterRole": 2,
        "ClusterRoleBinding": 2,
        "Role": 1,
        "RoleBinding": 1,
        "ConfigMap": 2,
        "Deployment": 2,
        "DaemonSet": 1,
    },
    "nvidia-device-plugin": {"Namespace": 1, "ServiceAccount": 1, "DaemonSet": 2, "ConfigMap": 1},
    "spark-operator": {
        "Namespace": 1,
        "CustomResourceDefinition": 3,
        "ServiceAccount": 3,
        "ClusterRole": 2,
        "ClusterRoleBinding": 2,
        "Role": 3,
        "RoleBinding": 3,
        "Service": 1,
        "Deployment": 2,
        "MutatingWebhookConfiguration": 1,
        "ValidatingWebhookConfiguration": 1,
    },
    "training-operator": {
        "Namespace": 1,
        "CustomResourceDefinition": 6,
        "ServiceAccount": 1,
        "ClusterRole": 4,
        "ClusterRoleBinding": 1,
        "Service": 1,
        "Deployment": 1,
        "ValidatingWebhookConfiguration": 1,
    },
}
VERSIONS = {
    "cert-manager": "1.20.2",
    "kserve": "0.20.0",
    "node-feature-discovery": "0.19.0",
    "nvidia-device-plugin": "0.18.1",
    "spark-operator": "2.5.2",
    "training-operator": "1.9.3",
}


def ref(kind: str, name: str, namespace: str = "") -> Ref:
    """Name an object."""
    return Ref(GROUPS.get(kind, ""), kind, "" if kind in CLUSTER_WIDE else namespace, name)


def refs(component: str) -> list[Ref]:
    """Name every object of a component."""
    return [
        ref(kind, f"{component}-{number}", component)
        for kind, count in SHAPES[component].items()
        for number in range(count)
    ]


def plan(action: Action) -> Plan:
    """Do the same to every object."""
    changes = [Change(each, name, action) for name in SHAPES for each in refs(name)]
    return Plan(StackId("gpu8"), "gpu8", tuple(changes))


def mixed_plan() -> Plan:
    """Do a bit of everything."""
    controller = ref("Deployment", "spark-operator-controller", "spark-operator")
    config = ref("ConfigMap", "inferenceservice-config", "kserve")
    secret = ref("Secret", "registry", "kserve")
    old = ref("Service", "kserve-agent", "kserve")
    job = ref("Job", "kserve-migrate", "kserve")
    changes = (
        *(Change(each, "cert-manager", Action.UNCHANGED) for each in refs("cert-manager")),
        Change(
            controller,
            "spark-operator",
            Action.UPDATE,
            differences=(
                Difference("spec.replicas", 1, 3),
                Difference("spec.template.spec.nodeSelector", MISSING, {"pool": "system"}),
                Difference(
                    "spec.template.spec.containers[name=controller].args[4]", "-v=4", MISSING
                ),
            ),
            drift=(Drift("kubectl-edit", "2026-11-22T15:03:00Z", ("spec.replicas",)),),
        ),
        Change(
            config,
            "kserve",
            Action.UPDATE,
            differences=(
                Difference(
                    "data.deploy", '{\n  "mode": "Knative"\n}\n', '{\n  "mode": "Standard"\n}\n'
                ),
            ),
        ),
        Change(
            secret,
            "kserve",
            Action.UPDATE,
            differences=(Difference("data.password", "<masked, before>", "<masked, after>"),),
        ),
        Change(job, "kserve", Action.RECREATE, reason="spec.template cannot be changed in place"),
        *(Change(each, "training-operator", Action.CREATE) for each in refs("training-operator")),
        Change(old, "kserve", Action.PRUNE),
    )
    return Plan(StackId("ml"), "gpu8", changes)


CONTAINERS = "spec.template.spec.containers"
MODE = '{{\n  "mode": "{}"\n}}\n'

RELEASE = Release(
    stack=StackId("gpu8"),
    revision=3,
    status=ReleaseStatus.DEPLOYED,
    profile="gpu8",
    bundle="a" * 32,
    cluster=TARGET.cluster_uid,
    by="ops@bastion",
    tool="0.1.0",
    begun="2026-11-22T15:22:40Z",
    finished="2026-11-22T15:23:12Z",
    components=VERSIONS,
)


def component_status(
    name: str, status: Status = Status.CURRENT, missing: int = 0
) -> ComponentStatus:
    """Say how a component stands."""
    total = sum(SHAPES[name].values())
    message = ""
    objects: tuple[ObjectStatus, ...] = ()
    if missing:
        broken = ref("Deployment", f"{name}-controller", name)
        message = (
            f"{broken}: Pod {name}-controller-7d9c5b6f4-x2x9k: ImagePullBackOff: "
            "registry.example.com/team/controller:v1 not found"
        )
        objects = (ObjectStatus(broken, status, message.partition(": ")[2]),)
    hint = "check the image registry.example.com/team/controller:v1" if missing else ""
    return ComponentStatus(
        name, VERSIONS[name], name, status, total - missing, total, message, objects, hint
    )


GPUS = Gpus("nvidia.com/gpu", 16, 16, {"gpu-0": 8, "gpu-1": 8})
CURRENT = StackStatus(TARGET, RELEASE, tuple(map(component_status, SHAPES)), (GPUS,))


def troubled_status() -> StackStatus:
    """Say how a stack stands of which a part fails and a field has drifted."""
    drifted = ObjectStatus(
        ref("Deployment", "training-operator", "training-operator"),
        Status.CURRENT,
        drift=(
            Drift(
                "kubectl-edit",
                "2026-11-22T15:25:00Z",
                ("spec.replicas",),
                (Difference("spec.replicas", 1, 0),),
            ),
        ),
    )
    training = component_status("training-operator")
    parts = (
        component_status("cert-manager"),
        component_status("kserve", Status.FAILED, missing=1),
        component_status("nvidia-device-plugin", Status.IN_PROGRESS, missing=1),
        ComponentStatus(
            training.name,
            training.version,
            training.namespace,
            training.status,
            training.ready,
            training.total,
            objects=(drifted,),
        ),
    )
    gpus = Gpus(
        "nvidia.com/gpu",
        8,
        16,
        {"gpu-0": 8, "gpu-1": 0},
        in_use=3,
        closed={"gpu-0": "cordoned", "gpu-1": "taint maint=yes:NoExecute"},
        hints=("kubectl uncordon gpu-0", "kubectl taint node gpu-1 maint=yes:NoExecute-"),
    )
    webhook = Finding(
        "ValidatingWebhookConfiguration/validator.training-operator.kubeflow.org: "
        "webhook validator.tfjob.training-operator.kubeflow.org",
        "is not trusted: x509: certificate signed by unknown authority",
        "kubectl -n training-operator rollout restart deployment training-operator",
    )
    return StackStatus(
        TARGET,
        RELEASE,
        parts,
        (gpus,),
        locked_by="ops@bastion since 15:29",
        run=Finding("a run is on", "ops@bastion since 15:29", "stackctl status --watch"),
        findings=(webhook,),
        remedy="stackctl deploy --profile gpu8",
    )


def two_stacks() -> tuple[StackSummary, ...]:
    """Say how two stacks stand, one of which is not well."""
    failed = replace(RELEASE, stack=StackId("lab"), status=ReleaseStatus.FAILED)
    return (
        StackSummary(RELEASE.stack, 3, RELEASE),
        StackSummary(failed.stack, 12, failed, message="not ready: kserve; GPUs 8/16"),
        StackSummary(StackId("old"), 1, None, message="ConfigMap is not what was written"),
    )


DEPLOYED = DeployOutcome(
    TARGET,
    plan(Action.CREATE),
    RELEASE,
    components=dict.fromkeys(SHAPES, ComponentState.READY),
    seconds=31.4,
)
SMOKED = SmokeOutcome(
    TARGET,
    StackId("ml"),
    (
        SmokeResult("spark", StackId("smoke-spark"), (ref("Job", "smoke", "ml"),), 61.0),
        SmokeResult(
            "device-plugin",
            StackId("smoke-device-plugin"),
            (ref("Job", "vectors", "gpu"),),
            3.0,
            NotReadyError(
                "device-plugin: Job/gpu/vectors: Pod vectors-x: Unschedulable: 0/4 nodes are "
                "available: 2 Insufficient nvidia.com/gpu",
                hint="free or add nvidia.com/gpu on the nodes: kubectl describe nodes",
            ),
        ),
    ),
    without=("prometheus", "node-exporter"),
    seconds=64.2,
)
TORN_DOWN = TeardownOutcome(
    TARGET,
    plan(Action.PRUNE),
    kept=(
        Residue(ref("PersistentVolumeClaim", "models", "team-a"), "user data"),
        Residue(
            ref("Namespace", "team-a"),
            "holds what is not ours: Deployment/team-a/notebooks, ConfigMap/team-a/settings",
        ),
    ),
    seconds=12.0,
)
