"""What the rules of a role come to, in words: only what reaches beyond a program's own kinds.

Who gets the rights is for `privileges`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.model.objects.refs import Manifest

EVERYTHING = "everything, as cluster-admin"
_WRITING = frozenset({"create", "update", "patch"})
_CHANGING = _WRITING | {"delete"}
_READING = frozenset({"get", "list", "watch"})
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"


@dataclass(frozen=True, slots=True)
class _Right:
    """What somebody may do who has any of the verbs on any of the resources."""

    what: str
    group: str
    resources: frozenset[str]
    verbs: frozenset[str]


def _right(what: str, group: str, resources: str, verbs: Iterable[str]) -> _Right:
    return _Right(what, group, frozenset(resources.split()), frozenset(verbs))


_RIGHTS = (
    _right("read Secrets", "", "secrets", _READING),
    _right("write Secrets", "", "secrets", _WRITING),
    _right("act as others", "", "users groups serviceaccounts", ["impersonate"]),
    _right("give more rights than it has", _RBAC, "roles clusterroles", ["escalate", "bind"]),
    _right(
        "write roles and bindings",
        _RBAC,
        "roles clusterroles rolebindings clusterrolebindings",
        _WRITING,
    ),
    _right("issue tokens for ServiceAccounts", "", "serviceaccounts/token", ["create"]),
    _right(
        "approve certificates",
        "certificates.k8s.io",
        "certificatesigningrequests/approval certificatesigningrequests/status",
        _WRITING,
    ),
    _right("sign certificates", "certificates.k8s.io", "signers", ["approve", "sign"]),
    _right("reach into kubelets", "", "nodes/proxy", {*_READING, *_WRITING}),
    _right(
        "run commands in Pods",
        "",
        "pods/exec pods/attach pods/ephemeralcontainers",
        {*_WRITING, "get"},
    ),
    _right("create Pods", "", "pods replicationcontrollers", ["create"]),
    _right("create Pods", "apps", "deployments daemonsets statefulsets replicasets", ["create"]),
    _right("create Pods", "batch", "jobs cronjobs", ["create"]),
    _right(
        "change admission webhooks",
        _ADMISSION,
        "mutatingwebhookconfigurations validatingwebhookconfigurations mutatingadmissionpolicies",
        _CHANGING,
    ),
    _right(
        "change admission policies",
        _ADMISSION,
        "validatingadmissionpolicies validatingadmissionpolicybindings "
        "mutatingadmissionpolicybindings",
        _CHANGING,
    ),
    _right(
        "change definitions of resources",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        {"update", "patch", "delete"},
    ),
    _right("change API services", "apiregistration.k8s.io", "apiservices", _WRITING),
    _right("change nodes", "", "nodes nodes/status", _CHANGING),
    # Their labels say which Pods they let in.
    _right("change namespaces", "", "namespaces", {"update", "patch", "delete"}),
    _right("lead others' traffic elsewhere", "", "endpoints", _WRITING),
    _right("lead others' traffic elsewhere", "discovery.k8s.io", "endpointslices", _WRITING),
    _right("create PersistentVolumes", "", "persistentvolumes", _WRITING),
)
_EVERYBODY = frozenset(
    {
        *("system:anonymous", "system:unauthenticated", "system:authenticated"),
        "system:serviceaccounts",
    }
)
# Roles that clusters have, and that say nothing worth telling.
_HARMLESS = frozenset(
    {
        *("view", "system:auth-delegator", "system:discovery", "system:basic-user"),
        *("system:public-info-viewer", "extension-apiserver-authentication-reader"),
    }
)


def maps(value: Any) -> list[Mapping[str, Any]]:
    """Return the maps of a list; a stranger's manifest may have anything in its place."""
    found = value if isinstance(value, list | tuple) else ()
    return [each for each in found if isinstance(each, Mapping)]


def texts(value: Any) -> list[str]:
    """Return what a list holds, as texts."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def part(value: Any, key: str) -> Mapping[str, Any]:
    """Return a map in a map; empty where there is none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def rights(role: Manifest) -> tuple[str, ...]:
    """Return what the rules of a role come to."""
    rules = maps(role.get("rules"))
    if any(map(_is_everything, rules)):
        return (EVERYTHING,)
    found = (*_joined(role), *(what for rule in rules for what in _of_rule(rule)))
    return tuple(dict.fromkeys(found))


def _joined(role: Manifest) -> Iterator[str]:
    """Yield that a role is made of others, which may come at any time."""
    for selector in maps(part(role, "aggregationRule").get("clusterRoleSelectors")):
        labels = ",".join(f"{key}={each}" for key, each in part(selector, "matchLabels").items())
        yield f"what roles with {labels or 'some labels'} allow"


def of_everybody(subject: Mapping[str, Any]) -> bool:
    """Tell those that nobody has to be let into, or all of a cluster's programs are in."""
    return subject.get("kind") in ("Group", "User") and str(subject.get("name")) in _EVERYBODY


def rights_of_role(name: str) -> tuple[str, ...]:
    """Return what a role comes to that the cluster has already."""
    if name in _HARMLESS:
        return ()
    return (EVERYTHING,) if name == "cluster-admin" else (f"what the role {name} allows",)


def _is_everything(rule: Mapping[str, Any]) -> bool:
    return all("*" in texts(rule.get(key)) for key in ("apiGroups", "resources", "verbs"))


def _of_rule(rule: Mapping[str, Any]) -> Iterator[str]:
    if "*" in texts(rule.get("nonResourceURLs")):
        yield "every path of the API server"
    if not _limited(rule):
        for right in _RIGHTS:
            if _gives(rule, right):
                yield right.what


def _limited(rule: Mapping[str, Any]) -> bool:
    """Tell a rule that is about some objects by name, none of them the cluster's own."""
    names = texts(rule.get("resourceNames"))
    return bool(names) and not any(map(_of_cluster, names))


def _of_cluster(name: str) -> bool:
    return name.startswith(("kubernetes.io/", "system:")) or name in ("cluster-admin", "admin")


def _gives(rule: Mapping[str, Any], right: _Right) -> bool:
    groups, verbs = texts(rule.get("apiGroups")), texts(rule.get("verbs"))
    resources = texts(rule.get("resources"))
    return (
        ("*" in groups or right.group in groups)
        and ("*" in verbs or not right.verbs.isdisjoint(verbs))
        and any(_covers(pattern, each) for pattern in resources for each in right.resources)
    )


def _covers(pattern: str, resource: str) -> bool:
    kind, slash, part = resource.partition("/")
    return pattern in ("*", resource, f"{kind}/*") or (bool(slash) and pattern == f"*/{part}")
