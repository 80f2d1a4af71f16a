"""What the API server says when an admission policy speaks: who speaks, and what of.

Policies of Kubernetes itself, judged by the API server; webhooks are `serving`'s part.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from stackctl.model.objects.kinds import GroupKind, kind_of
from stackctl.model.objects.refs import Manifest, Ref, ref_of

REPORT = "stackctl.dev/report"  # a label: judge the object as it is, and warn
POLICY: GroupKind = ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy")
_DENIED = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ")
_WARNED = re.compile(
    r"Validation failed for ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)': (.*)",
    re.DOTALL,
)


class PolicyWarning(NamedTuple):
    """What a policy has against an object that it lets through."""

    policy: str
    binding: str
    message: str


class PolicyMode(StrEnum):
    """What becomes of what a policy has something against."""

    OFF = "off"
    AUDIT = "audit"  # a line in the audit log of the API server
    WARN = "warn"
    DENY = "deny"


def reports(binding: Manifest) -> bool:
    """Tell a binding that is there for reports alone."""
    matched = (binding["spec"].get("matchResources") or {}).get("objectSelector") or {}
    return any(each.get("key") == REPORT for each in matched.get("matchExpressions") or ())


def modes(bindings: Iterable[Manifest]) -> dict[str, PolicyMode]:
    """Say what the policies that report do, each by its strictest binding."""
    found: dict[str, PolicyMode] = {}
    actions: dict[str, set[str]] = {}
    for binding in bindings:
        name = binding["spec"]["policyName"]
        if reports(binding):
            found[name] = PolicyMode.OFF
        else:
            actions.setdefault(name, set()).update(binding["spec"].get("validationActions") or ())
    for name in found:
        for mode in PolicyMode:
            if mode.value.capitalize() in actions.get(name, ()):
                found[name] = mode
    return found


def governed(policy: Manifest) -> frozenset[tuple[str, str]]:
    """Name what a policy looks at: groups with the plurals of kinds."""
    rules: Iterable[Mapping[str, Any]] = policy["spec"]["matchConstraints"]["resourceRules"]
    return frozenset(
        (group, plural)
        for rule in rules
        for group in rule["apiGroups"]
        for plural in rule["resources"]
        if "/" not in plural
    )


def denying(text: str) -> str:
    """Name the policy that has refused an object; nothing where it was none."""
    found = _DENIED.search(text)
    return found[1] if found else ""


def warning_in(text: str) -> PolicyWarning | None:
    """Read a warning of the API server; None where no policy speaks."""
    found = _WARNED.fullmatch(text)
    return PolicyWarning(*found.groups()) if found else None


def policies_of(objects: Iterable[Manifest]) -> Iterator[str]:
    """Name the policies among objects."""
    return (each["metadata"]["name"] for each in objects if kind_of(each) == POLICY)


def unsettled(components: Iterable[Sequence[Manifest]], proven: Container[Ref]) -> frozenset[str]:
    """Name the policies that may judge otherwise once their component is as it will be.

    What they go by, whom they exempt first of all, comes in the same run.
    """
    return frozenset(
        name
        for objects in components
        if any(ref_of(each) not in proven for each in objects)
        for name in policies_of(objects)
    )
