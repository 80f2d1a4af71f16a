"""What ends by itself and goes: Jobs with a time to live, and what other groups have of that kind.

That such an object is gone says nothing is wrong, if it was seen to complete before.
"""

from stackctl.model.objects import paths
from stackctl.model.objects.conditions import holds
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.ready_rules import ReadyRule

# Where kinds say that they are to be deleted some time after their end.
_TO_LIVE = (
    ("spec", "ttlSecondsAfterFinished"),
    ("spec", "runPolicy", "ttlSecondsAfterFinished"),
    ("spec", "timeToLiveSeconds"),
    ("spec", "ttlStrategy"),
)
_ENDED = ("Complete", "Completed", "Succeeded")
GONE = "completed, and gone as it asked to be"


def goes_by_itself(manifest: Manifest) -> bool:
    """Tell what is deleted after its end, without anybody doing so."""
    if paths.get(manifest, ("spec", "suspend"), None) is True:
        return False
    return any(paths.get(manifest, path, None) is not None for path in _TO_LIVE)


def has_completed(obj: Manifest, rule: ReadyRule | None = None) -> bool:
    """Tell what has come to a good end, by its conditions or by the word of its state."""
    if holds(obj, "Failed"):
        return False
    if any(holds(obj, kind) for kind in _ENDED):
        return True
    places = [paths.parse(rule.state)] if rule is not None and rule.state else []
    places += [("status", "phase"), ("status", "state")]
    words = (paths.get(obj, path, None) for path in places)
    return any(isinstance(word, str) and word.capitalize() in _ENDED for word in words)
