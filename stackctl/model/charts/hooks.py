"""Hooks of charts: in which step of a deploy they run, left out, or refused by name.

Helm runs a hook at a moment of its own verbs. Where a deploy of ours has that moment exactly, the
hook becomes an object of the component that is applied then; where it has not, somebody has to say
what becomes of it.

What Helm runs to try a release out is what proves that a component works. Helm waits for a Pod's
end; here it gets a Job around it, for a Pod alone counts as ready while it runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.model.catalogue.source import HookUse
from stackctl.model.compose.stages import RUNS
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.refs import Manifest, annotated, annotations_of

HOOK = "helm.sh/hook"
_TESTS = frozenset({"test", "test-success"})
_LEFT_OUT = frozenset({"test-failure"})  # of Helm 2, which no Helm runs any more
_BEFORE = frozenset({"pre-install", "pre-upgrade"})
_AFTER = frozenset({"post-install", "post-upgrade"})
_USES = ((_BEFORE, "pre-install", HookUse.BEFORE), (_AFTER, "post-install", HookUse.AFTER))
_NEVER = frozenset({"pre-rollback", "post-rollback"})  # beside others; there is no such moment


@dataclass(frozen=True, slots=True)
class Sorted:
    """A chart's objects with their steps, its tests, and the hooks that have no step."""

    objects: tuple[Manifest, ...]
    tests: tuple[Manifest, ...]  # what proves that it works, in Helm's order
    refused: tuple[tuple[str, str], ...]  # Kind/name, and when Helm would run it
    unknown: tuple[str, ...]  # that somebody named, and the chart does not have


def sorted_hooks(manifests: Iterable[Manifest], uses: Mapping[str, HookUse]) -> Sorted:
    """Give each hook its step; what people say of one goes before what is exact."""
    objects: list[Manifest] = []
    tests: list[Manifest] = []
    refused: list[tuple[str, str]] = []
    seen: set[str] = set()
    for manifest in manifests:
        text = annotations_of(manifest).get(HOOK)
        if text is None:
            objects.append(manifest)
            continue
        title = f"{manifest['kind']}/{manifest['metadata']['name']}"
        seen.add(title)
        moments = frozenset(part.strip() for part in str(text).split(","))
        use = uses.get(title) or _exact(moments)
        if title not in uses and moments <= _TESTS | _LEFT_OUT:
            tests += [_test(manifest)] if moments & _TESTS else []
        elif use is None:
            refused.append((title, str(text)))
        elif use is not HookUse.SKIP:
            objects.append(annotated(manifest, {RUNS: use.value}))
    unknown = tuple(sorted(uses.keys() - seen))
    return Sorted(tuple(objects), tuple(tests), tuple(refused), unknown)


def _test(manifest: Manifest) -> Manifest:
    """Make of a test what has an end, and goes after what has less weight."""
    made = _in_job(manifest) if kind_of(manifest) == ("", "Pod") else manifest
    return annotated(made, {RUNS: HookUse.BEFORE.value})


def _in_job(pod: Manifest) -> Manifest:
    spec = {**(pod.get("spec") or {}), "restartPolicy": "Never"}
    labels = pod["metadata"].get("labels")
    template: dict[str, Any] = {"metadata": {"labels": labels}} if labels else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": pod["metadata"],
        "spec": {"backoffLimit": 0, "template": template | {"spec": spec}},
    }


def _exact(moments: frozenset[str]) -> HookUse | None:
    """Return the step of a deploy that is a hook's moment; None where there is none.

    What runs at installs runs at upgrades too, when it has changed. What runs at upgrades alone
    would run at an install here.
    """
    for allowed, wanted, use in _USES:
        if wanted in moments and moments <= allowed | _NEVER:
            return use
    return None
