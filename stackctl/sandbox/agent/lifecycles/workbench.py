"""What people work with: notebooks, and workflows of Argo."""

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

NOTEBOOKS = Operator("notebooks", "notebook-controller")
ARGO = Operator("argo-workflows", "argoproj/workflow-controller")
_WORKED = (LifecycleStep("Running", 0.3), LifecycleStep("Succeeded", 2.0))


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


def _workflow_phase(manifest: Manifest) -> str:
    return str(status_of(manifest).get("phase") or "")


def _describe_workflow(manifest: Manifest, state: str, now: str) -> Manifest:
    """Say how far a workflow is, as its controller does; its steps are not run one by one."""
    began = status_of(manifest).get("startedAt") or now
    done = state != "Running"
    told = {"phase": state, "startedAt": began, "progress": "1/1" if done else "0/1"}
    return told | ({"finishedAt": now, "message": MESSAGE} if done else {})


LIFECYCLES: tuple[Lifecycle, ...] = (
    Lifecycle("kubeflow.org", "Notebook", NOTEBOOKS, SERVED, ready_state, _describe_notebook),
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
