"""How one object stands, told from the object: one rule for each kind.

To teach readiness a built-in kind, write its rule and add a line to RULES; others are declared by
their component, or read by the conditions that kinds share. Pods are read in `pod_faults`;
a workload's Pods, the clock and the cluster do not belong here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.conditions import condition, holds, one_line, words
from stackctl.model.objects.kinds import DEFINITION, NAMESPACE
from stackctl.model.objects.refs import Manifest, group_of, ref_of
from stackctl.model.readiness.ending import goes_by_itself, has_completed
from stackctl.model.readiness.kubectl import describe
from stackctl.model.readiness.pod_faults import assess_pod, refusal_hint
from stackctl.model.readiness.status import Assessment, Status
from stackctl.model.shapes.live_shapes import CUSTOM_STATUS
from stackctl.model.shapes.ready_rules import ReadyRule
from stackctl.model.shapes.shapes import fitting


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the readiness of an object depends on and the object does not say."""

    reports: bool = False  # its controller writes a status, so that none yet is not ready
    may_match_no_node: bool = False  # a DaemonSet that is right with nowhere to run
    binds_late: bool = False  # a claim that is bound when the first Pod uses it
    rule: ReadyRule | None = None  # what its component declares of a kind that is not built in


Rule = Callable[[Manifest, Surroundings], Assessment]

USUAL = Surroundings()
SERVING = ("readyReplicas", "replicas ready"), ("availableReplicas", "replicas available")
UNSEEN = "its controller has not seen the change yet"

# API groups of Kubernetes itself: their kinds without a rule are ready as soon as they exist.
BUILT_IN = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)


def assess(obj: Manifest, surroundings: Surroundings = USUAL) -> Assessment:
    """Tell how an object stands."""
    # What cannot be read is a report all the same.
    silent = surroundings.reports and not _says_something(obj.get("status"))
    surroundings = replace(surroundings, reports=silent)
    obj = _legible(obj)
    metadata, kind = obj["metadata"], (group_of(obj), obj["kind"])
    if metadata.get("deletionTimestamp"):
        if goes_by_itself(obj) and has_completed(obj, surroundings.rule):
            return _current("completed, and goes as it asked to")
        held = ", ".join(metadata.get("finalizers") or ())
        return Assessment(
            Status.TERMINATING, f"being deleted, held by {held}" if held else "being deleted"
        )
    observed = _status(obj).get("observedGeneration", 0 if kind in OBSERVING else None)
    if observed is not None and observed < metadata.get("generation", 0):
        return _waiting(UNSEEN)
    if (rule := surroundings.rule) is not None and kind not in RULES:
        return _current("there; it reports nothing") if rule.exists else _declared(obj, rule)
    return RULES.get(kind, _reported)(obj, surroundings)


def settles(group: str, kind: str) -> bool:
    """Tell whether an object of this kind can be anything but ready once it was accepted."""
    return (group, kind) in RULES or group not in BUILT_IN


def reports_conditions(crd: Manifest, version: str) -> bool:
    """Tell from its definition whether somebody is meant to write conditions into a kind."""
    for each in crd["spec"].get("versions") or ():
        if each["name"] != version or "status" not in (each.get("subresources") or {}):
            continue
        schema = (each.get("schema") or {}).get("openAPIV3Schema") or {}
        status = (schema.get("properties") or {}).get("status") or {}
        known = status.get("properties") or {}
        return "conditions" in known or not known
    return False


def established(crd: Manifest) -> Assessment:
    """Tell whether a CustomResourceDefinition serves its kind."""
    names = condition(crd, "NamesAccepted")
    if names.get("status") == "False":
        return _failed(f"its names are taken: {words(names)}", "kubectl get crd")
    if holds(crd, "Established"):
        return _current("established")
    return _waiting(words(condition(crd, "Established")) or "not established yet")


def _current(message: str = "") -> Assessment:
    return Assessment(Status.CURRENT, message)


def _waiting(message: str, hint: str = "") -> Assessment:
    return Assessment(Status.IN_PROGRESS, message, hint)


def _failed(message: str, hint: str = "") -> Assessment:
    return Assessment(Status.FAILED, message, hint)


def _status(obj: Manifest) -> Mapping[str, Any]:
    found = obj.get("status")
    return found if isinstance(found, Mapping) else {}


def _says_something(status: Any) -> bool:
    return any(status.values()) if isinstance(status, Mapping) else bool(status)


def _legible(obj: Manifest) -> Manifest:
    """Leave out what of a custom resource's status cannot be read: its author shapes it."""
    if "status" not in obj or group_of(obj) in BUILT_IN:
        return obj
    if obj["status"] and not isinstance(obj["status"], Mapping):
        return obj | {"status": {"state": obj["status"]}}  # a word, if anything
    return obj | {"status": fitting(obj["status"], CUSTOM_STATUS)}


def _spec(obj: Manifest) -> Mapping[str, Any]:
    found = obj.get("spec")
    return found if isinstance(found, Mapping) else {}


def _short(status: Mapping[str, Any], wanted: int, counts: Iterable[tuple[str, str]]) -> str:
    """Name the first count that is below what is wanted."""
    for field, what in counts:
        if (there := status.get(field, 0)) < wanted:
            return f"{there}/{wanted} {what}"
    return ""


def _refused(obj: Manifest) -> Assessment | None:
    """Read why a controller cannot create Pods; what no other try will change is a failure."""
    failure = condition(obj, "ReplicaFailure")
    if failure.get("status") != "True":
        return None
    said = words(failure)
    if any(text in said for text in ("violates PodSecurity", "is invalid")):
        namespace = obj["metadata"].get("namespace", "default")
        return _failed(said, f"correct the Pod template, or the labels of namespace {namespace}")
    return _waiting(said, refusal_hint(said, obj["metadata"].get("namespace", "default")))


def _deployment(obj: Manifest, _: Surroundings) -> Assessment:
    status, wanted = _status(obj), _spec(obj).get("replicas", 1)
    if _spec(obj).get("paused"):
        return _current("paused: changes are not rolled out")
    progressing = condition(obj, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(words(progressing))
    if refused := _refused(obj):
        return refused
    short = _short(status, wanted, [("updatedReplicas", "replicas updated")])
    old = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    if not short and old > 0:
        short = f"{old} old replicas still there"
    if short := short or _short(status, wanted, SERVING):
        return _waiting(short)
    return _current(f"{wanted}/{wanted} replicas available")


def _stateful_set(obj: Manifest, _: Surroundings) -> Assessment:
    status, spec = _status(obj), _spec(obj)
    wanted, strategy = spec.get("replicas", 1), spec.get("updateStrategy") or {}
    if short := _short(status, wanted, SERVING):
        return _waiting(short)
    if (extra := status.get("replicas", 0) - wanted) > 0:
        return _waiting(f"{extra} replicas too many still there")
    if strategy.get("type") == "OnDelete":
        return _current(f"{wanted}/{wanted} replicas ready, updated when they are deleted")
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    target = max(wanted - partition, 0)
    moving = status.get("currentRevision") != status.get("updateRevision")
    short = _short(status, target, [("updatedReplicas", "replicas updated")])
    if short and moving:
        return _waiting(short)
    return _current(f"{wanted}/{wanted} replicas ready")


def _daemon_set(obj: Manifest, surroundings: Surroundings) -> Assessment:
    status = _status(obj)
    wanted = status.get("desiredNumberScheduled", 0)
    if wanted == 0:
        if surroundings.may_match_no_node:
            return _current("no node to run on")
        return _waiting(
            "no node matches its node selector, affinity and tolerations",
            "label the nodes that are meant: kubectl get nodes --show-labels",
        )
    counts = [("numberReady", "Pods ready"), ("numberAvailable", "Pods available")]
    if (_spec(obj).get("updateStrategy") or {}).get("type") != "OnDelete":
        counts.insert(0, ("updatedNumberScheduled", "Pods updated"))
    if short := _short(status, wanted, counts):
        return _waiting(short)
    return _current(f"{wanted}/{wanted} Pods available")


def _replica_set(obj: Manifest, _: Surroundings) -> Assessment:
    wanted = _spec(obj).get("replicas", 1)
    if refused := _refused(obj):
        return refused
    if short := _short(_status(obj), wanted, [("availableReplicas", "replicas available")]):
        return _waiting(short)
    return _current(f"{wanted}/{wanted} replicas available")


def _pod(obj: Manifest, _: Surroundings) -> Assessment:
    return assess_pod(obj)


_FINISHED = ReadyRule(("Complete",), ("Failed",))


def _job(obj: Manifest, _: Surroundings) -> Assessment:
    """Read what runs once: done when complete, not when started."""
    found, spec = _declared(obj, _FINISHED), _spec(obj)
    if found.status is Status.IN_PROGRESS and "completions" in spec:
        return _waiting(f"{_status(obj).get('succeeded', 0)}/{spec['completions']} completed")
    return found


def _declared(obj: Manifest, rule: ReadyRule) -> Assessment:
    """Read the words that a kind is declared to tell its state by."""
    told = _states(obj, rule)
    for state, said in told:
        if state in rule.failed:
            return _failed(said)
    for state, said in told:
        if state in rule.current:
            return _current(said if rule.state else "complete")
    policy = _spec(obj).get("runPolicy")
    suspended = isinstance(policy, Mapping) and policy.get("suspend")
    if suspended or _spec(obj).get("suspend"):
        return _current("suspended")
    if not told:
        return _waiting("not started yet")
    return _waiting(f"state {told[-1][0]}" if rule.state else ": ".join(told[-1]))


def _states(obj: Manifest, rule: ReadyRule) -> list[tuple[str, str]]:
    """Return the words of an object's state, each with what is said beside it."""
    if not rule.state:
        conditions = _status(obj).get("conditions") or ()
        # Those of custom resources are legible by now, those of built-in kinds always.
        return [(each["type"], words(each)) for each in conditions if each.get("status") == "True"]
    state = _word(paths.get(obj, paths.parse(rule.state), None))
    if not state:
        return []
    said = one_line(paths.get(obj, paths.parse(rule.message), None)) if rule.message else ""
    return [(state, ": ".join(filter(None, (state.lower(), said))))]


def _service(obj: Manifest, _: Surroundings) -> Assessment:
    spec, balancer = _spec(obj), _status(obj).get("loadBalancer") or {}
    if spec.get("type") == "LoadBalancer" and not balancer.get("ingress"):
        return _current("no load balancer has given it an address")
    return _current()


def _claim(obj: Manifest, surroundings: Surroundings) -> Assessment:
    match _status(obj).get("phase"):
        case "Bound":
            return _current("bound")
        case "Lost":
            return _failed("its volume is lost", "kubectl get pv")
    if surroundings.binds_late:
        return _current("is bound when the first Pod uses it")
    return _waiting("not bound to a volume yet", "kubectl get storageclass")


def _volume(obj: Manifest, _: Surroundings) -> Assessment:
    if _status(obj).get("phase") == "Failed":
        return _failed(one_line(_status(obj).get("message")) or "its reclamation failed")
    return _current()


def _namespace(obj: Manifest, _: Surroundings) -> Assessment:
    phase = _status(obj).get("phase", "Active")
    return _current() if phase == "Active" else _waiting(f"phase {phase}")


def _autoscaler(obj: Manifest, _: Surroundings) -> Assessment:
    """Read an autoscaler: without metrics it does not scale, and what it scales still runs."""
    for kind in ("AbleToScale", "ScalingActive"):
        found = condition(obj, kind)
        if found.get("status") == "False":
            return _current(f"does not scale: {words(found)}")
    return _current()


def _crd(obj: Manifest, _: Surroundings) -> Assessment:
    served = established(obj)
    conversion = (_spec(obj).get("conversion") or {}).get("webhook") or {}
    if served.status is Status.CURRENT and _lacks_ca(conversion):
        return _waiting("its conversion webhook has no caBundle yet")
    return served


def _api_service(obj: Manifest, _: Surroundings) -> Assessment:
    available = condition(obj, "Available")
    if available.get("status") == "True":
        return _current("available")
    return _waiting(words(available) or "not available yet")


def _webhooks(obj: Manifest, _: Surroundings) -> Assessment:
    missing = [each["name"] for each in obj.get("webhooks") or () if _lacks_ca(each)]
    if missing:
        return _waiting(f"no caBundle yet: {', '.join(missing)}")
    return _current()


def _lacks_ca(webhook: Mapping[str, Any]) -> bool:
    client = webhook.get("clientConfig") or {}
    return bool(client.get("service")) and not client.get("caBundle")


def _always(_: Manifest, __: Surroundings) -> Assessment:
    return _current()


def _reported(obj: Manifest, surroundings: Surroundings) -> Assessment:
    """Read the conditions that custom resources share by convention, else the word of a state."""
    if holds(obj, "Stalled"):
        return _failed(words(condition(obj, "Stalled")))
    if holds(obj, "Reconciling"):
        return _waiting(words(condition(obj, "Reconciling")))
    ready, generation = condition(obj, "Ready"), obj["metadata"].get("generation", 0)
    if ready.get("observedGeneration", generation) < generation:
        return _waiting(UNSEEN)
    if ready and ready.get("status") != "True":
        return _waiting(words(ready) or "not ready")
    return _current() if ready else _in_a_word(obj, surroundings)


def _in_a_word(obj: Manifest, surroundings: Surroundings) -> Assessment:
    """Read the word of a state; a controller that has said anything has seen the object."""
    status = _status(obj)
    if word := _state_of(status):
        return _by_word(word, status)
    if surroundings.reports:
        silent = f"readyWhen: {{{obj['kind']}.{group_of(obj)}: {{exists: true}}}}"
        return _waiting(
            "its controller has not reported on it yet",
            f"{describe(ref_of(obj))}; if none ever does, its component.yaml says `{silent}`",
        )
    return _current()


# Where statuses without a condition Ready say in a word how the object stands.
_STATES = ("phase",), ("state",), ("state", "phase"), ("status",), ("ready",)
_NEVER = ("failed", "failure", "error", "errored", "invalid", "rejected", "denied")
_NOT_YET = """
    accepted applying connecting creating degraded deleting deploying false initialising
    initializing inprogress installing new notready pending preparing progressing provisioning
    queued reconciling restarting scaling scheduled scheduling starting submitted terminating
    unhealthy unknown unready updating upgrading validating waiting
"""


def _state_of(status: Mapping[str, Any]) -> str:
    """Find the word that a status tells its state by, where it uses a usual field."""
    words_there = (_word(paths.get(status, path, None)) for path in _STATES)
    return next(filter(None, words_there), "")


def _word(value: Any) -> str:
    """Read a word of a state; true and false are written as YAML has them."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else ""


def _by_word(word: str, status: Mapping[str, Any]) -> Assessment:
    """Tell by a usual word how an object stands; a word that is not known is a report, too."""
    plain = "".join(filter(str.isalnum, word.lower()))
    said = next((each for key in ("message", "reason") if (each := _said(status, key))), "")
    text = one_line(f"state {word}: {said}" if said else f"state {word}")
    if plain.endswith(_NEVER):
        return _failed(text)
    return _waiting(text) if plain in _NOT_YET.split() else _current(text)


def _said(status: Mapping[str, Any], key: str) -> str:
    return one_line(status[key]) if isinstance(status.get(key), str) else ""


# Kinds whose controllers always write `observedGeneration`: none yet means not seen yet.
OBSERVING = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("policy", "PodDisruptionBudget"),
    }
)
RULES: Mapping[tuple[str, str], Rule] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "ReplicationController"): _replica_set,
    ("", "Pod"): _pod,
    ("batch", "Job"): _job,
    ("policy", "PodDisruptionBudget"): _always,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    NAMESPACE: _namespace,
    DEFINITION: _crd,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
}
