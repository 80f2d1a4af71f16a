"""Field differences of two objects, as values; secrets masked.

How they look is the command line's; what is compared is decided by the caller.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.catalogue.component import Place
from stackctl.model.compose.secret_places import hidden
from stackctl.model.objects.masking import mask_changes
from stackctl.model.objects.normalise import as_sent
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.proof import unmarked

MISSING = "<missing>"  # stands for a field that is not there

# What the control plane and kubectl note down for themselves.
_NOTES = frozenset(
    {
        "deprecated.daemonset.template.generation",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deployment.kubernetes.io/revision",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
# Lists that Kubernetes merges by a key are compared by that key, not by position.
_LIST_KEYS = ("name", "mountPath", "containerPort", "port", "key", "type", "ip")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `old` or `new` is `MISSING` where the field is not there."""

    path: str  # spec.template.spec.containers[name=controller].image
    old: Any
    new: Any


def differences(
    old: Manifest, new: Manifest, secrets: Sequence[Place] = ()
) -> tuple[Difference, ...]:
    """Compare two versions of an object, leaving out what only the server writes.

    What stands at the places of secrets is masked as what Secrets hold is.
    """
    return tuple(_compare("", *discreet(old, new, secrets)))


def discreet(
    old: Manifest, new: Manifest, secrets: Sequence[Place] = ()
) -> tuple[Manifest, Manifest]:
    """Return what is compared of two versions, with what is secret masked."""
    return hidden(*mask_changes(comparable(old), comparable(new)), secrets)


def comparable(manifest: Manifest) -> Manifest:
    """Drop status and the metadata that only the server, or only a program, writes."""
    sent = as_sent(unmarked(manifest))
    notes = sent["metadata"].get("annotations")
    if notes and not _NOTES.isdisjoint(notes):
        kept = {key: value for key, value in notes.items() if key not in _NOTES}
        sent["metadata"] = {**sent["metadata"], "annotations": kept}
        if not kept:
            del sent["metadata"]["annotations"]
    return sent


def _compare(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _compare(_join(path, key), old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new)
    elif old != new:
        yield Difference(path, old, new)


def _compare_lists(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
    key = next((key for key in _LIST_KEYS if _keyed(old, key) and _keyed(new, key)), None)
    if key is not None:
        was = {item[key]: item for item in old}
        now = {item[key]: item for item in new}
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _compare(
                f"{path}[{key}={name}]", was.get(name, MISSING), now.get(name, MISSING)
            )
        return
    for index, was, now in _aligned(old, new):
        yield from _compare(f"{path}[{index}]", was, now)


def _aligned(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Lay lists beside each other by what is in both, for one flag more is one flag.

    The index is that of the longer list.
    """
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    was, now = old[head : len(old) - tail], new[head : len(new) - tail]
    for (first, end), (start, stop) in _changed(was, now):
        at = head + (start if len(new) >= len(old) else first)
        for step in range(max(end - first, stop - start)):
            yield (
                at + step,
                was[first + step] if first + step < end else MISSING,
                now[start + step] if start + step < stop else MISSING,
            )


Span = tuple[int, int]


def _changed(was: Sequence[Any], now: Sequence[Any]) -> Iterator[tuple[Span, Span]]:
    """Yield which parts of two lists are others: of texts those between what both have."""
    if not (was and now and all(isinstance(each, str) for each in (*was, *now))):
        yield (0, len(was)), (0, len(now))
        return
    from difflib import SequenceMatcher

    for tag, first, end, start, stop in SequenceMatcher(None, was, now, False).get_opcodes():
        if tag != "equal":
            yield (first, end), (start, stop)


def _alike(old: Sequence[Any], new: Sequence[Any]) -> int:
    """Count how many items are the same from the beginning on."""
    return next(
        (at for at, (was, now) in enumerate(zip(old, new, strict=False)) if was != now),
        min(len(old), len(new)),
    )


def _keyed(items: Sequence[Any], key: str) -> bool:
    names = [item.get(key) for item in items if isinstance(item, dict)]
    return len(names) == len(items) and None not in names and len(set(names)) == len(names)


def _join(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
