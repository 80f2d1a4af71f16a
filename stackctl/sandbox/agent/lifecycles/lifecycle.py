"""How a custom resource of a simulated operator moves on, and the words most of them use.

Pure. Which kinds there are is beside this, a module for what belongs together; `known` lists them.
Doing it is for `simulation.operators`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from stackctl.model.objects.quantities import seconds as duration
from stackctl.model.objects.refs import Manifest, annotations_of

FAIL_ANNOTATION = "sandbox.stackctl.dev/fail"
RUN_FOR_ANNOTATION = "sandbox.stackctl.dev/run-for"  # a Go duration, or "forever"
MESSAGE = "simulated by the sandbox"
Describe = Callable[[Manifest, str, str], Manifest]  # object, new state, time → status


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


READY = (LifecycleStep("Ready", 0.3),)
SERVED = (LifecycleStep("NotReady", 0.2), LifecycleStep("Ready", 1.0))
TRAINED = (
    LifecycleStep("Created", 0.2),
    LifecycleStep("Running", 0.8),
    LifecycleStep("Succeeded", 2.0),
)


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


def words_of(container: Manifest) -> list[str]:
    """Return a container's command line, as far as it is not the image's own."""
    return [*(container.get("command") or ()), *(container.get("args") or ())]


def _flag_values(pod: Manifest, flag: str) -> Iterator[str]:
    for container in pod["spec"]["containers"]:
        for word, following in pairwise((*words_of(container), "")):
            name, equals, value = word.partition("=")
            if name == flag:
                yield from filter(None, (value if equals else following).strip('"').split(","))


def _is_suspended(manifest: Manifest) -> bool:
    spec = manifest.get("spec") or {}
    return bool(spec.get("suspend") or (spec.get("runPolicy") or {}).get("suspend"))


def last_condition(manifest: Manifest) -> str:
    """Return the type of the newest condition."""
    conditions = conditions_in(manifest)
    return str(conditions[-1]["type"]) if conditions else ""


def ready_state(manifest: Manifest) -> str:
    """Return "", "NotReady" or "Ready"; a new generation starts over."""
    generation = manifest["metadata"].get("generation", 0)
    status = status_of(manifest)
    for condition in conditions_in(manifest):
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
    message: str = MESSAGE,
    observed: bool = False,
) -> list[Manifest]:
    """Write conditions that all say the same."""
    condition = {"status": "True" if ready else "False", "lastTransitionTime": now}
    told = {"reason": reason, "message": message} if reason else {}
    generation = {"observedGeneration": manifest["metadata"]["generation"]} if observed else {}
    return [{"type": name, **condition, **told, **generation} for name in types]


def reachable(manifest: Manifest, suffix: str = "") -> Manifest:
    """Say where inside the cluster an object answers."""
    metadata = manifest["metadata"]
    url = f"http://{metadata['name']}{suffix}.{metadata['namespace']}.svc.cluster.local"
    return {"url": url, "address": {"url": url}}


def status_of(manifest: Manifest) -> Manifest:
    """Return what an object says of itself; a new one says nothing."""
    return manifest.get("status") or {}


def conditions_in(manifest: Manifest) -> list[Manifest]:
    """Return the conditions of an object, which may be written to."""
    return list(status_of(manifest).get("conditions") or ())
