"""Which refusals mean that a field cannot be changed, so that only a new object can differ.

A field that is wrong is not one that cannot be changed: making the object anew would lose the
old one and be refused as well.
"""

import re
from collections.abc import Mapping, Sequence

from stackctl.model.objects.kinds import DEFINITION, NAMESPACE
from stackctl.model.objects.normalise import SERVER_METADATA, as_sent
from stackctl.model.objects.refs import Manifest, Ref

# Deleting one of these takes along what is in it, or in what it defines.
_NEVER = frozenset(
    {
        DEFINITION,
        NAMESPACE,
        ("", "PersistentVolumeClaim"),
        ("", "PersistentVolume"),
    }
)
# The words of the API server's own rules, and of most rules that definitions carry.
_IMMUTABLE = re.compile(
    r"\bimmutable\b"
    r"|\b(?:can ?not|may not|must not) (?:be )?(?:changed?|updated?|modified|modify)\b"
    r"|updates? to .* (?:is|are) forbidden"
    r"|updates? may not change fields other than",
    re.IGNORECASE | re.DOTALL,
)
_OF_FORMER_LIFE = SERVER_METADATA | {"deletionTimestamp", "deletionGracePeriodSeconds"}
# The server makes these up for each Job and refuses those of another.
_JOB_LABELS = frozenset(
    {
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
    }
)


def may_be_recreated(ref: Ref) -> bool:
    """Tell whether an object can be deleted and made again without losing what others keep."""
    return (ref.group, ref.kind) not in _NEVER


def fixed_fields(causes: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Name the fields that cannot be changed; none when anything else is wrong as well."""
    if not causes or not all(_IMMUTABLE.search(cause.get("message", "")) for cause in causes):
        return ()
    named = (cause.get("field") or "the object" for cause in causes)
    return tuple(f"{field} cannot be changed" for field in dict.fromkeys(named))


def original(live: Manifest) -> Manifest:
    """Make of a live object the manifest that makes it again."""
    kept = as_sent(live, _OF_FORMER_LIFE)
    return _job(kept) if kept.get("kind") == "Job" else kept


def _job(manifest: Manifest) -> Manifest:
    spec = manifest["spec"]
    if spec.get("manualSelector"):
        return manifest
    template = spec["template"]
    metadata = template.get("metadata") or {}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in _JOB_LABELS}
    template = template | {"metadata": metadata | {"labels": labels}}
    kept = {key: value for key, value in spec.items() if key != "selector"}
    return manifest | {"spec": kept | {"template": template}}
