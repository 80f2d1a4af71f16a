"""The conditions in an object's status, read without knowing its kind.

What a condition means for a kind is said in `readiness`.
"""

from collections.abc import Mapping
from typing import Any

from stackctl.model.objects.refs import Manifest

LENGTH = 300  # of a message that a person is expected to read


def condition(obj: Manifest, kind: str) -> Mapping[str, Any]:
    """Return the condition of that type, empty when there is none that can be read."""
    status = obj.get("status")
    conditions = status.get("conditions") if isinstance(status, Mapping) else None
    for found in conditions if isinstance(conditions, list) else ():
        if isinstance(found, Mapping) and found.get("type") == kind:
            return found
    return {}


def holds(obj: Manifest, kind: str) -> bool:
    """Tell whether the condition of that type is there and true."""
    return condition(obj, kind).get("status") == "True"


def words(found: Mapping[str, Any]) -> str:
    """Return a condition's own words, its reason where it has no message."""
    return one_line(found.get("message") or found.get("reason"))


def one_line(text: object, length: int = LENGTH) -> str:
    """Fold white space and cut what is too long to be read."""
    folded = " ".join(str(text or "").split())
    return folded if len(folded) <= length else folded[: length - 1] + "…"
