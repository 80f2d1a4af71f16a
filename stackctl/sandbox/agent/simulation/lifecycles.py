"""How the custom resources of simulated operators move on: which states, when, what they say.

Pure, and mostly a table. Doing it is for `operators`; certificates are made in `certificates`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from stackctl.model.objects.quantities import seconds as duration
from stackctl.model.objects.refs import Manifest, annotations_of
from stackctl.sandbox.agent.simulation.devices import words_of

FAIL_ANNOTATION = "sandbox.stackctl.dev/fail"
RUN_FOR_ANNOTATION = "sandbox.stackctl.dev/run-for"  # a Go duration, or "forever"

_MESSAGE = "simulated by the sandbox"
_JOB_COUNTS = ("ready", "succeeded", "failed", "active", "suspended")


@dataclass(frozen=True, slots=True)
class Operator:
    """A program whose work is simulated while a Pod of it is ready."""

    name: str
    image: str  # part of its image's name
    command: str = ""  # one of its arguments, where an image has several programs
    # Flags that say what it looks after; one that is absent or empty means everything.
    namespace_flag: str = ""
    kind_flag: str = ""


@dataclass(frozen=True, slots=True)
class LifecycleStep:
    """A state, and how long after the one before it comes."""

    state: str
    seconds: float


Describe = Callable[[Manifest, str, str], Manifest]  # object, new state, time → status


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One kind of custom resource: the last step is its end, `failure` the other one."""

    group: str
    kind: str
    operator: Operator
    steps: tuple[LifecycleStep, ...]
    state_of: Callable[[Manifest], str]
    describe: Describe
    failure: str = ""
    finalizer: str = ""  # set by the operator, and removed by it when the object is deleted
    whole: bool = False  # its status is a part of the object like any other


def next_step(lifecycle: Lifecycle, manifest: Manifest) -> LifecycleStep | None:
    """Return what comes next for an object; None when nothing does."""
    if _is_suspended(manifest):
        return None
    state = lifecycle.state_of(manifest)
    states = ["", *(step.state for step in lifecycle.steps)]
    if state not in states[:-1]:
        return None
    step = lifecycle.steps[states.index(state)]
    if step is not lifecycle.steps[-1]:
        return step
    annotations = annotations_of(manifest)
    seconds = run_seconds(annotations.get(RUN_FOR_ANNOTATION, ""), step.seconds)
    if seconds is None:
        return None
    failing = lifecycle.failure and FAIL_ANNOTATION in annotations
    return LifecycleStep(lifecycle.failure if failing else step.state, seconds)


def run_seconds(text: str, default: float) -> float | None:
    """Read the run-for annotation; None means for ever."""
    if text == "forever":
        return None
    try:
        return duration(text)
    except ValueError:
        return default


def covers(operator: Operator, pod: Manifest, manifest: Manifest) -> bool:
    """Return whether the operator in this Pod looks after this object, as its flags say."""
    scopes = (
        (operator.namespace_flag, manifest["metadata"].get("namespace", "")),
        (operator.kind_flag, manifest["kind"].lower()),
    )
    for flag, value in scopes:
        wanted = set(_flag_values(pod, flag)) if flag else set()
        if value and wanted and value not in wanted:
            return False
    return True


def is_operator(operator: Operator, pod: Manifest) -> bool:
    """Return whether a Pod runs this operator."""
    return any(
        operator.image in container["image"]
        and (not operator.command or operator.command in words_of(container))
        for container in pod["spec"]["containers"]
    )


def _flag_values(pod: Manifest, flag: str) -> Iterator[str]:
    for container in pod["spec"]["containers"]:
        for word, following in pairwise((*words_of(container), "")):
            name, equals, value = word.partition("=")
            if name == flag:
                yield from filter(None, (value if equals else following).strip('"').split(","))


def _is_suspended(manifest: Manifest) -> bool:
    spec = manifest.get("spec") or {}
    return bool(spec.get("suspend") or (spec.get("runPolicy") or {}).get("suspend"))


# Training jobs: a growing list of conditions, the last one is the state.


def last_condition(manifest: Manifest) -> str:
    """Return the type of the newest condition."""
    conditions = _conditions(manifest)
    return str(conditions[-1]["type"]) if conditions else ""


def _describe_training(job: Manifest, state: str, now: str) -> Manifest:
    conditions = [
        condition | {"status": "False", "lastTransitionTime": now, "lastUpdateTime": now}
        if condition["type"] == "Running" and state != "Running"
        else condition
        for condition in _conditions(job)
    ]
    conditions.append(
        {
            "type": state,
            "status": "True",
            "reason": f"{job['kind']}{state}",
            "message": f"{job['kind']} {job['metadata']['name']}: {state.lower()}, {_MESSAGE}",
            "lastTransitionTime": now,
            "lastUpdateTime": now,
        }
    )
    ended = state in ("Succeeded", "Failed")
    times = {"Created": {"startTime": now}}.get(state, {"completionTime": now} if ended else {})
    counter = {"Running": "active", "Succeeded": "succeeded", "Failed": "failed"}.get(state)
    counts = {
        name: {
            key: replicas if key == counter else None for key in ("active", "succeeded", "failed")
        }
        for name, replicas in _replica_counts(job)
    }
    return {"conditions": conditions, "replicaStatuses": counts, **times}


def _replica_counts(job: Manifest) -> Iterator[tuple[str, int]]:
    for field, specs in (job.get("spec") or {}).items():
        if field.endswith("ReplicaSpecs"):
            for name, spec in specs.items():
                yield name, (spec or {}).get("replicas", 1)


# Groups of Jobs, and what is trained in them: one condition, at their end.


def _describe_ended(manifest: Manifest, state: str, now: str) -> Manifest:
    reason = f"{manifest['kind']}{state}"
    return {"conditions": conditions_of(manifest, now, (state,), reason=reason)}


def _describe_jobset(jobset: Manifest, state: str, now: str) -> Manifest:
    counter = "failed" if state == "Failed" else "succeeded"
    jobs = [
        {"name": each["name"], **dict.fromkeys(_JOB_COUNTS, 0), counter: each.get("replicas", 1)}
        for each in jobset["spec"].get("replicatedJobs") or ()
    ]
    ended = _describe_ended(jobset, state, now)
    return ended | {"terminalState": state, "restarts": 0, "replicatedJobsStatus": jobs}


# Queues: there, and taking jobs.


def _describe_queue(queue: Manifest, state: str, now: str) -> Manifest:
    counts = dict.fromkeys(("admittedWorkloads", "pendingWorkloads", "reservingWorkloads"), 0)
    return counts | {"conditions": conditions_of(queue, now, (state,), reason="Ready")}


# Spark: one word.


def _spark_state(application: Manifest) -> str:
    return str((_status(application).get("applicationState") or {}).get("state") or "")


def _describe_spark(application: Manifest, state: str, now: str) -> Manifest:
    name = application["metadata"]["name"]
    driver = f"{name}-driver"
    instances = (application["spec"].get("executor") or {}).get("instances") or 1
    executor = {"RUNNING": "RUNNING", "SUCCEEDING": "COMPLETED", "FAILING": "FAILED"}.get(state)
    status: Manifest = {"applicationState": {"state": state, "errorMessage": None}}
    if state == "SUBMITTED":
        uid = application["metadata"]["uid"]
        status |= {
            "driverInfo": {"podName": driver},
            "executionAttempts": 1,
            "submissionAttempts": 1,
            "lastSubmissionAttemptTime": now,
            "sparkApplicationId": f"spark-{uid.replace('-', '')}",
            "submissionID": uid,
        }
    if executor:
        names = (f"{name}-exec-{number}" for number in range(1, instances + 1))
        status["executorState"] = dict.fromkeys(names, executor)
    if state in ("COMPLETED", "FAILED"):
        status["terminationTime"] = now
    if state == "FAILED":
        status["applicationState"]["errorMessage"] = f"driver failed, {_MESSAGE}"
    return status


def _schedule_state(schedule: Manifest) -> str:
    return str(_status(schedule).get("scheduleState") or "")


def _describe_schedule(_schedule: Manifest, state: str, _now: str) -> Manifest:
    return {"scheduleState": state}


def _connect_state(connect: Manifest) -> str:
    return str(_status(connect).get("state") or "")


def _describe_connect(connect: Manifest, state: str, now: str) -> Manifest:
    server = f"{connect['metadata']['name']}-server"
    return {
        "state": state,
        "startTime": now,
        "lastUpdateTime": now,
        "server": {"podName": server, "serviceName": server},
        "conditions": conditions_of(connect, now, ("ServerPodReady",), reason="ServerPodReady"),
    }


# Kinds with a condition Ready: not there, False, True.


def ready_state(manifest: Manifest) -> str:
    """Return "", "NotReady" or "Ready"; a new generation starts over."""
    generation = manifest["metadata"].get("generation", 0)
    status = _status(manifest)
    for condition in _conditions(manifest):
        seen = condition.get("observedGeneration", status.get("observedGeneration", generation))
        if condition["type"] == "Ready" and seen == generation:
            return "Ready" if condition["status"] == "True" else "NotReady"
    return ""


def conditions_of(
    manifest: Manifest,
    now: str,
    types: Iterable[str] = ("Ready",),
    *,
    ready: bool = True,
    reason: str = "",
    message: str = _MESSAGE,
    observed: bool = False,
) -> list[Manifest]:
    """Write conditions that all say the same."""
    condition = {"status": "True" if ready else "False", "lastTransitionTime": now}
    told = {"reason": reason, "message": message} if reason else {}
    generation = {"observedGeneration": manifest["metadata"]["generation"]} if observed else {}
    return [{"type": name, **condition, **told, **generation} for name in types]


def _describe_issuer(issuer: Manifest, _state: str, now: str) -> Manifest:
    reason = "KeyPairVerified" if "ca" in issuer["spec"] else "IsReady"
    return {"conditions": conditions_of(issuer, now, reason=reason, observed=True)}


_BLOCKED = "BlockedByFailedLoad"
_SERVICE_CONDITIONS = ("IngressReady", "PredictorReady", "Ready")


def _inference_state(service: Manifest) -> str:
    transition = (_status(service).get("modelStatus") or {}).get("transitionStatus")
    return "Failed" if transition == _BLOCKED else ready_state(service)


def _describe_inference(service: Manifest, state: str, now: str) -> Manifest:
    ready = state == "Ready"
    reason = "" if ready else "ModelLoadFailed" if state == "Failed" else "Loading"
    conditions = conditions_of(service, now, _SERVICE_CONDITIONS, ready=ready, reason=reason)
    status: Manifest = {
        "conditions": conditions,
        "observedGeneration": service["metadata"]["generation"],
        "deploymentMode": "Standard",
        "modelStatus": _model_status(state),
    }
    if ready:
        status |= _reachable(service, "-predictor")
    return status


def _model_status(state: str) -> Manifest:
    model = {"Ready": "Loaded", "Failed": "FailedToLoad"}.get(state, "Loading")
    transition = {"Ready": "UpToDate", "Failed": _BLOCKED}.get(state, "InProgress")
    copies = {"failedCopies": int(state == "Failed"), "totalCopies": 1}
    states = {"activeModelState": model, "targetModelState": model}
    return {"copies": copies, "states": states, "transitionStatus": transition}


def _describe_experiment(experiment: Manifest, state: str, now: str) -> Manifest:
    """Tell of an experiment as of a job, and of as many trials as it may have."""
    trials = int(experiment["spec"].get("maxTrialCount") or 1)
    ended = {"trials": trials, "trialsSucceeded": trials, "trialsRunning": 0}
    counts = {"Running": {"trials": 1, "trialsRunning": 1}, "Succeeded": ended}.get(state, {})
    told = _describe_training(experiment, state, now)
    return {key: told[key] for key in told if key != "replicaStatuses"} | counts


def _describe_notebook(notebook: Manifest, state: str, now: str) -> Manifest:
    """Say of a notebook what its Pod would say of itself."""
    ready = state == "Ready"
    running = {"running": {"startedAt": now}} if ready else {"waiting": {"reason": "Creating"}}
    types = (
        ("Initialized", "PodScheduled") if not ready else ("Initialized", "PodScheduled", "Ready")
    )
    conditions = conditions_of(notebook, now, types)
    if not ready:
        conditions += conditions_of(notebook, now, ready=False, reason="ContainersNotReady")
    return {"conditions": conditions, "readyReplicas": int(ready), "containerState": running}


# Groups of Pods, and Ray.


def _describe_group(group: Manifest, state: str, now: str) -> Manifest:
    """Say of groups of leaders and workers that all of them are there."""
    replicas = group["spec"].get("replicas", 1)
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), replicas)
    conditions = conditions_of(group, now, (state,), reason="AllGroupsReady", observed=True)
    return counts | {
        "conditions": conditions,
        "observedGeneration": group["metadata"]["generation"],
    }


def _ray_state(cluster: Manifest) -> str:
    return str(_status(cluster).get("state") or "")


def _describe_ray_cluster(cluster: Manifest, state: str, now: str) -> Manifest:
    workers = sum(group.get("replicas", 0) for group in cluster["spec"].get("workerGroupSpecs", ()))
    names = ("desiredWorkerReplicas", "availableWorkerReplicas", "readyWorkerReplicas")
    types = ("HeadPodReady", "RayClusterProvisioned")
    return dict.fromkeys(names, workers) | {
        "state": state,
        "observedGeneration": cluster["metadata"]["generation"],
        "conditions": conditions_of(cluster, now, types, reason="AllPodRunningAndReadyFirstTime"),
    }


def _ray_job_state(job: Manifest) -> str:
    return str(_status(job).get("jobDeploymentStatus") or "")


def _describe_ray_job(job: Manifest, state: str, now: str) -> Manifest:
    """Say how far a job is, as its operator does; the cluster that it would run on is not made."""
    name = job["metadata"]["name"]
    began = _status(job).get("startTime") or now
    told = {"jobDeploymentStatus": state, "startTime": began, "jobId": name}
    words = {"Running": "RUNNING", "Complete": "SUCCEEDED", "Failed": "FAILED"}
    told |= {"jobStatus": words.get(state, "PENDING"), "rayClusterName": f"{name}-simulated"}
    return told | ({"endTime": now, "message": _MESSAGE} if state in ("Complete", "Failed") else {})


def _describe_ray_service(service: Manifest, state: str, now: str) -> Manifest:
    ready = state == "Ready"
    reason = "NonZeroServeEndpoints" if ready else "ZeroServeEndpoints"
    return {
        "conditions": conditions_of(service, now, ready=ready, reason=reason, observed=True),
        "observedGeneration": service["metadata"]["generation"],
        "serviceStatus": "Running" if ready else "",
        "numServeEndpoints": int(ready),
    }


def _describe_graph(graph: Manifest, _state: str, now: str) -> Manifest:
    return {
        "conditions": conditions_of(graph, now),
        "observedGeneration": graph["metadata"]["generation"],
        "url": _reachable(graph)["url"],
    }


def _reachable(manifest: Manifest, suffix: str = "") -> Manifest:
    metadata = manifest["metadata"]
    url = f"http://{metadata['name']}{suffix}.{metadata['namespace']}.svc.cluster.local"
    return {"url": url, "address": {"url": url}}


def _workflow_phase(manifest: Manifest) -> str:
    return str(_status(manifest).get("phase") or "")


def _describe_workflow(manifest: Manifest, state: str, now: str) -> Manifest:
    """Say how far a workflow is, as its controller does; its steps are not run one by one."""
    began = _status(manifest).get("startedAt") or now
    done = state != "Running"
    told = {"phase": state, "startedAt": began, "progress": "1/1" if done else "0/1"}
    return told | ({"finishedAt": now, "message": _MESSAGE} if done else {})


def _status(manifest: Manifest) -> Manifest:
    return manifest.get("status") or {}


def _conditions(manifest: Manifest) -> list[Manifest]:
    return list(_status(manifest).get("conditions") or ())


CERT_MANAGER = Operator("cert-manager", "cert-manager-controller", namespace_flag="--namespace")
CA_INJECTOR = Operator("cainjector", "cert-manager-cainjector")
TRAINING = Operator(
    "training-operator",
    "training-operator",
    namespace_flag="--namespace",
    kind_flag="--enable-scheme",
)
SPARK = Operator(
    "spark-operator",
    "spark-operator/controller",
    command="controller",
    namespace_flag="--namespaces",
)
KSERVE = Operator("kserve", "kserve-controller")
KATIB = Operator("katib", "katib-controller")
NOTEBOOKS = Operator("notebooks", "notebook-controller")
JOBSET = Operator("jobset", "jobset/jobset")
TRAINER = Operator("trainer", "trainer-controller-manager")
KUEUE = Operator("kueue", "kueue/kueue")
LEADER_WORKER_SET = Operator("leaderworkerset", "lws/lws")
KUBERAY = Operator("kuberay", "kuberay/operator", namespace_flag="--watch-namespace")
ARGO = Operator("argo-workflows", "argoproj/workflow-controller")

_TRAINED = (
    LifecycleStep("Created", 0.2),
    LifecycleStep("Running", 0.8),
    LifecycleStep("Succeeded", 2.0),
)
_SUBMITTED = (
    LifecycleStep("SUBMITTED", 0.3),
    LifecycleStep("RUNNING", 0.8),
    LifecycleStep("SUCCEEDING", 2.0),
    LifecycleStep("COMPLETED", 0.5),
)
_WORKED = (LifecycleStep("Running", 0.3), LifecycleStep("Succeeded", 2.0))
_RAN = (
    LifecycleStep("Initializing", 0.3),
    LifecycleStep("Running", 0.8),
    LifecycleStep("Complete", 2.0),
)
_READY = (LifecycleStep("Ready", 0.3),)
_SERVED = (LifecycleStep("NotReady", 0.2), LifecycleStep("Ready", 1.0))


def _training(kind: str) -> Lifecycle:
    return Lifecycle(
        "kubeflow.org",
        kind,
        TRAINING,
        _TRAINED,
        last_condition,
        _describe_training,
        failure="Failed",
    )


def _spark(
    kind: str,
    steps: tuple[LifecycleStep, ...],
    state_of: Callable[[Manifest], str],
    describe: Describe,
    failure: str = "",
) -> Lifecycle:
    return Lifecycle("sparkoperator.k8s.io", kind, SPARK, steps, state_of, describe, failure)


LIFECYCLES = (
    Lifecycle("cert-manager.io", "Issuer", CERT_MANAGER, _READY, ready_state, _describe_issuer),
    Lifecycle(
        "cert-manager.io", "ClusterIssuer", CERT_MANAGER, _READY, ready_state, _describe_issuer
    ),
    *map(_training, ("TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", "JAXJob", "PaddleJob")),
    Lifecycle(
        "jobset.x-k8s.io",
        "JobSet",
        JOBSET,
        (LifecycleStep("Completed", 2.5),),
        last_condition,
        _describe_jobset,
        failure="Failed",
    ),
    Lifecycle(
        "trainer.kubeflow.org",
        "TrainJob",
        TRAINER,
        (LifecycleStep("Complete", 3.0),),
        last_condition,
        _describe_ended,
        failure="Failed",
    ),
    *(
        Lifecycle(
            "kueue.x-k8s.io",
            kind,
            KUEUE,
            (LifecycleStep("Active", 0.3),),
            last_condition,
            _describe_queue,
        )
        for kind in ("ClusterQueue", "LocalQueue")
    ),
    _spark("SparkApplication", _SUBMITTED, _spark_state, _describe_spark, "FAILED"),
    _spark(
        "ScheduledSparkApplication",
        (LifecycleStep("Scheduled", 0.3),),
        _schedule_state,
        _describe_schedule,
    ),
    _spark("SparkConnect", (LifecycleStep("Ready", 1.0),), _connect_state, _describe_connect),
    Lifecycle(
        "serving.kserve.io",
        "InferenceService",
        KSERVE,
        _SERVED,
        _inference_state,
        _describe_inference,
        failure="Failed",
        finalizer="inferenceservice.finalizers",
    ),
    Lifecycle(
        "kubeflow.org",
        "Experiment",
        KATIB,
        _TRAINED,
        last_condition,
        _describe_experiment,
        failure="Failed",
    ),
    Lifecycle("kubeflow.org", "Notebook", NOTEBOOKS, _SERVED, ready_state, _describe_notebook),
    Lifecycle("serving.kserve.io", "InferenceGraph", KSERVE, _READY, ready_state, _describe_graph),
    Lifecycle("serving.kserve.io", "TrainedModel", KSERVE, _READY, ready_state, _describe_graph),
    Lifecycle(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        LEADER_WORKER_SET,
        (LifecycleStep("Available", 1.0),),
        last_condition,
        _describe_group,
    ),
    Lifecycle(
        "ray.io",
        "RayCluster",
        KUBERAY,
        (LifecycleStep("ready", 1.0),),
        _ray_state,
        _describe_ray_cluster,
        failure="failed",
    ),
    Lifecycle(
        "ray.io", "RayJob", KUBERAY, _RAN, _ray_job_state, _describe_ray_job, failure="Failed"
    ),
    Lifecycle("ray.io", "RayService", KUBERAY, _SERVED, ready_state, _describe_ray_service),
    Lifecycle(
        "argoproj.io",
        "Workflow",
        ARGO,
        _WORKED,
        _workflow_phase,
        _describe_workflow,
        failure="Failed",
        whole=True,
    ),
)
