"""Jobs that train, groups of Jobs, and the queues that they wait in."""

from collections.abc import Iterator

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    MESSAGE,
    TRAINED,
    Lifecycle,
    LifecycleStep,
    Operator,
    conditions_in,
    conditions_of,
    last_condition,
)

TRAINING = Operator(
    "training-operator",
    "training-operator",
    namespace_flag="--namespace",
    kind_flag="--enable-scheme",
)
JOBSET = Operator("jobset", "jobset/jobset")
TRAINER = Operator("trainer", "trainer-controller-manager")
KUEUE = Operator("kueue", "kueue/kueue")
KATIB = Operator("katib", "katib-controller")
LEADER_WORKER_SET = Operator("leaderworkerset", "lws/lws")
_JOB_COUNTS = ("ready", "succeeded", "failed", "active", "suspended")


def _describe_training(job: Manifest, state: str, now: str) -> Manifest:
    conditions = [
        condition | {"status": "False", "lastTransitionTime": now, "lastUpdateTime": now}
        if condition["type"] == "Running" and state != "Running"
        else condition
        for condition in conditions_in(job)
    ]
    conditions.append(
        {
            "type": state,
            "status": "True",
            "reason": f"{job['kind']}{state}",
            "message": f"{job['kind']} {job['metadata']['name']}: {state.lower()}, {MESSAGE}",
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


def _describe_queue(queue: Manifest, state: str, now: str) -> Manifest:
    counts = dict.fromkeys(("admittedWorkloads", "pendingWorkloads", "reservingWorkloads"), 0)
    return counts | {"conditions": conditions_of(queue, now, (state,), reason="Ready")}


def _describe_experiment(experiment: Manifest, state: str, now: str) -> Manifest:
    """Tell of an experiment as of a job, and of as many trials as it may have."""
    trials = int(experiment["spec"].get("maxTrialCount") or 1)
    ended = {"trials": trials, "trialsSucceeded": trials, "trialsRunning": 0}
    counts = {"Running": {"trials": 1, "trialsRunning": 1}, "Succeeded": ended}.get(state, {})
    told = _describe_training(experiment, state, now)
    return {key: told[key] for key in told if key != "replicaStatuses"} | counts


def _describe_group(group: Manifest, state: str, now: str) -> Manifest:
    """Say of groups of leaders and workers that all of them are there."""
    replicas = group["spec"].get("replicas", 1)
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), replicas)
    conditions = conditions_of(group, now, (state,), reason="AllGroupsReady", observed=True)
    return counts | {
        "conditions": conditions,
        "observedGeneration": group["metadata"]["generation"],
    }


def _training(kind: str) -> Lifecycle:
    return Lifecycle(
        "kubeflow.org",
        kind,
        TRAINING,
        TRAINED,
        last_condition,
        _describe_training,
        failure="Failed",
    )


LIFECYCLES: tuple[Lifecycle, ...] = (
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
    Lifecycle(
        "kubeflow.org",
        "Experiment",
        KATIB,
        TRAINED,
        last_condition,
        _describe_experiment,
        failure="Failed",
    ),
    Lifecycle(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        LEADER_WORKER_SET,
        (LifecycleStep("Available", 1.0),),
        last_condition,
        _describe_group,
    ),
)
