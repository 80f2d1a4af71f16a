"""Applications of Spark, their schedules, and servers for Spark Connect."""

from collections.abc import Callable

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    MESSAGE,
    Describe,
    Lifecycle,
    LifecycleStep,
    Operator,
    conditions_of,
    status_of,
)

SPARK = Operator(
    "spark-operator",
    "spark-operator/controller",
    command="controller",
    namespace_flag="--namespaces",
)
_SUBMITTED = (
    LifecycleStep("SUBMITTED", 0.3),
    LifecycleStep("RUNNING", 0.8),
    LifecycleStep("SUCCEEDING", 2.0),
    LifecycleStep("COMPLETED", 0.5),
)


def _spark_state(application: Manifest) -> str:
    return str((status_of(application).get("applicationState") or {}).get("state") or "")


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
        status["applicationState"]["errorMessage"] = f"driver failed, {MESSAGE}"
    return status


def _schedule_state(schedule: Manifest) -> str:
    return str(status_of(schedule).get("scheduleState") or "")


def _describe_schedule(_schedule: Manifest, state: str, _now: str) -> Manifest:
    return {"scheduleState": state}


def _connect_state(connect: Manifest) -> str:
    return str(status_of(connect).get("state") or "")


def _describe_connect(connect: Manifest, state: str, now: str) -> Manifest:
    server = f"{connect['metadata']['name']}-server"
    return {
        "state": state,
        "startTime": now,
        "lastUpdateTime": now,
        "server": {"podName": server, "serviceName": server},
        "conditions": conditions_of(connect, now, ("ServerPodReady",), reason="ServerPodReady"),
    }


def _spark(
    kind: str,
    steps: tuple[LifecycleStep, ...],
    state_of: Callable[[Manifest], str],
    describe: Describe,
    failure: str = "",
) -> Lifecycle:
    return Lifecycle("sparkoperator.k8s.io", kind, SPARK, steps, state_of, describe, failure)


LIFECYCLES: tuple[Lifecycle, ...] = (
    _spark("SparkApplication", _SUBMITTED, _spark_state, _describe_spark, "FAILED"),
    _spark(
        "ScheduledSparkApplication",
        (LifecycleStep("Scheduled", 0.3),),
        _schedule_state,
        _describe_schedule,
    ),
    _spark("SparkConnect", (LifecycleStep("Ready", 1.0),), _connect_state, _describe_connect),
)
