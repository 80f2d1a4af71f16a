"""Models that KServe serves, and graphs of them."""

from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    READY,
    SERVED,
    Lifecycle,
    Operator,
    conditions_of,
    reachable,
    ready_state,
    status_of,
)

KSERVE = Operator("kserve", "kserve-controller")
_BLOCKED = "BlockedByFailedLoad"
_SERVICE_CONDITIONS = ("IngressReady", "PredictorReady", "Ready")


def _inference_state(service: Manifest) -> str:
    transition = (status_of(service).get("modelStatus") or {}).get("transitionStatus")
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
        status |= reachable(service, "-predictor")
    return status


def _model_status(state: str) -> Manifest:
    model = {"Ready": "Loaded", "Failed": "FailedToLoad"}.get(state, "Loading")
    transition = {"Ready": "UpToDate", "Failed": _BLOCKED}.get(state, "InProgress")
    copies = {"failedCopies": int(state == "Failed"), "totalCopies": 1}
    states = {"activeModelState": model, "targetModelState": model}
    return {"copies": copies, "states": states, "transitionStatus": transition}


def _describe_graph(graph: Manifest, _state: str, now: str) -> Manifest:
    return {
        "conditions": conditions_of(graph, now),
        "observedGeneration": graph["metadata"]["generation"],
        "url": reachable(graph)["url"],
    }


LIFECYCLES: tuple[Lifecycle, ...] = (
    Lifecycle(
        "serving.kserve.io",
        "InferenceService",
        KSERVE,
        SERVED,
        _inference_state,
        _describe_inference,
        failure="Failed",
        finalizer="inferenceservice.finalizers",
    ),
    Lifecycle("serving.kserve.io", "InferenceGraph", KSERVE, READY, ready_state, _describe_graph),
    Lifecycle("serving.kserve.io", "TrainedModel", KSERVE, READY, ready_state, _describe_graph),
)
