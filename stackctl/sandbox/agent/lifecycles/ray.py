"""Clusters of Ray, their jobs and services."""

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    MESSAGE,
    SERVED,
    Lifecycle,
    LifecycleStep,
    Operator,
    conditions_of,
    ready_state,
    status_of,
)

KUBERAY = Operator("kuberay", "kuberay/operator", namespace_flag="--watch-namespace")
_RAN = (
    LifecycleStep("Initializing", 0.3),
    LifecycleStep("Running", 0.8),
    LifecycleStep("Complete", 2.0),
)


def _ray_state(cluster: Manifest) -> str:
    return str(status_of(cluster).get("state") or "")


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
    return str(status_of(job).get("jobDeploymentStatus") or "")


def _describe_ray_job(job: Manifest, state: str, now: str) -> Manifest:
    """Say how far a job is, as its operator does; the cluster that it would run on is not made."""
    name = job["metadata"]["name"]
    began = status_of(job).get("startTime") or now
    told = {"jobDeploymentStatus": state, "startTime": began, "jobId": name}
    words = {"Running": "RUNNING", "Complete": "SUCCEEDED", "Failed": "FAILED"}
    told |= {"jobStatus": words.get(state, "PENDING"), "rayClusterName": f"{name}-simulated"}
    return told | ({"endTime": now, "message": MESSAGE} if state in ("Complete", "Failed") else {})


def _describe_ray_service(service: Manifest, state: str, now: str) -> Manifest:
    ready = state == "Ready"
    reason = "NonZeroServeEndpoints" if ready else "ZeroServeEndpoints"
    return {
        "conditions": conditions_of(service, now, ready=ready, reason=reason, observed=True),
        "observedGeneration": service["metadata"]["generation"],
        "serviceStatus": "Running" if ready else "",
        "numServeEndpoints": int(ready),
    }


LIFECYCLES: tuple[Lifecycle, ...] = (
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
    Lifecycle("ray.io", "RayService", KUBERAY, SERVED, ready_state, _describe_ray_service),
)
