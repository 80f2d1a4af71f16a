"""What a component is looked at for, rule by rule, and what a component.yaml may say against one.

How an object is looked at is for `lint`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How grave a finding is, the gravest first."""

    ERROR = "error"  # it cannot work, or not everywhere
    WARNING = "warning"  # it works, and somebody will be sorry


class LintRule(StrEnum):
    """What a component is looked at for."""

    INVALID = "invalid"
    SCHEMA = "schema"
    UNSERVED_API = "unserved-api"
    CRD_SCHEMA = "crd-schema"
    SHARED_PLACE = "shared-place"
    MISSING_OBJECT = "missing-object"
    UNUSED_EXCEPTION = "unused-exception"
    PLACE_BY_POSITION = "place-by-position"
    UNPINNED_IMAGE = "unpinned-image"
    NO_READINESS_PROBE = "no-readiness-probe"
    NO_LIVENESS_PROBE = "no-liveness-probe"
    NO_REQUESTS = "no-requests"
    NO_MEMORY_LIMIT = "no-memory-limit"
    SECURITY_CONTEXT = "security-context"
    PRIVILEGED_POD = "privileged-pod"
    WILDCARD_RBAC = "wildcard-rbac"
    OPEN_SCHEMA = "open-schema"

    @property
    def severity(self) -> Severity:
        """How grave what it finds is."""
        return Severity.ERROR if self in _ERRORS else Severity.WARNING


_ERRORS = frozenset(
    {
        LintRule.INVALID,
        LintRule.SCHEMA,
        LintRule.UNSERVED_API,
        LintRule.CRD_SCHEMA,
        LintRule.SHARED_PLACE,
    }
)
# These say that the component itself is wrong, or an exception: there is no reason to live with it.
_ALWAYS = frozenset({LintRule.INVALID, LintRule.UNUSED_EXCEPTION})
EXCUSABLE = tuple(each.value for each in LintRule if each not in _ALWAYS)


@dataclass(frozen=True, slots=True)
class LintException:
    """Findings that are as they should be, and why."""

    rule: LintRule = field(metadata={"enum": EXCUSABLE})
    reason: str = field(metadata={"pattern": r"[\s\S]*\S[\s\S]*", "help": "a reason, in words"})
    object: str = ""  # Kind/name, with wildcards; every object, and component.yaml, when empty
    path: str = ""  # what lies at it or below it, with wildcards; everything, when empty
