"""A folder for Argo CD: one Application for the stack, its objects in sync waves.

One and not several: an Application waits for the health of what is in a wave before the next one
begins. Waves of Applications wait for nothing unless Argo CD was told when one is healthy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.embedded import Codec
from stackctl.model.export.exported import ExportFile, Repository
from stackctl.model.export.kustomize import kustomized
from stackctl.model.export.units import Unit, outlives, steps, without_hooks
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import DEFINITION, NAMESPACE, kind_of
from stackctl.model.objects.refs import Manifest, Ref, annotated, ref_of
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict

APPLICATION = "application.yaml"
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
_STAYS = "Prune=false,Delete=false"
_FIRST = frozenset({DEFINITION, NAMESPACE})


def argocd(
    units: Sequence[Unit], stack: str, repository: Repository, yaml: Codec
) -> Iterator[ExportFile]:
    """Yield the Application and everything in it."""
    first = _first_waves(units)
    waved = [replace(unit, objects=tuple(_waved(unit, first[unit.name]))) for unit in units]
    yield from kustomized(waved, yaml)
    application = _application([unit.part for unit in units], stack, repository)
    yield ExportFile(APPLICATION, yaml.dump(application))


def _first_waves(units: Sequence[Unit]) -> dict[str, int]:
    """Say with which wave each unit begins: after all waves of those it needs."""
    first: dict[str, int] = {}
    beyond: dict[str, int] = {}
    for unit in units:
        first[unit.name] = max((beyond[name] for name in unit.needs), default=0)
        beyond[unit.name] = first[unit.name] + 1 + len(steps(unit.part))
    return first


def _waved(unit: Unit, first: int) -> Iterator[Manifest]:
    """Yield objects with their wave: definitions, then step by step.

    Workloads and webhook configurations share one: many operators are not healthy before their
    configuration is there.
    """
    places = {
        ref_of(each): number
        for number, step in enumerate(steps(unit.part), start=1)
        for each in step
    }
    for manifest in unit.objects:
        wave = 0 if kind_of(manifest) in _FIRST else places[ref_of(manifest)]
        stays = {OPTIONS: _stays(manifest)} if outlives(manifest) else {}
        yield annotated(without_hooks(manifest), {WAVE: str(first + wave)} | stays)


def _stays(manifest: Manifest) -> str:
    said = (manifest["metadata"].get("annotations") or {}).get(OPTIONS)
    return f"{said},{_STAYS}" if said else _STAYS


def _application(
    parts: Sequence[BundleComponent], stack: str, repository: Repository
) -> dict[str, Any]:
    ignored = [*_ignored(parts)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": stack, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": repository.url,
                "targetRevision": repository.branch,
                "path": repository.path(),
            },
            "destination": {"server": "https://kubernetes.default.svc"},
            **({"ignoreDifferences": ignored} if ignored else {}),
            "syncPolicy": {
                "syncOptions": [
                    "ServerSideApply=true",
                    "SkipDryRunOnMissingResource=true",
                    "RespectIgnoreDifferences=true",
                ],
                # A webhook that does not answer yet refuses what comes a moment later.
                "retry": {
                    "limit": 10,
                    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"},
                },
            },
        },
    }


def _ignored(parts: Sequence[BundleComponent]) -> Iterator[Mapping[str, Any]]:
    """Yield what others write: fields that are not ours, and those left to their holder."""
    for part in parts:
        for ref, path in part.ignored:
            yield _of(ref) | _at(path)
        for rule in part.contested:
            if rule.verdict is Verdict.YIELD:
                yield _yielded(part, rule)


def _yielded(part: BundleComponent, rule: Contest) -> Mapping[str, Any]:
    subject = (
        _of(rule.ref) if rule.ref else {"group": "*", "kind": "*", "namespace": part.namespace}
    )
    return subject | (_at(rule.path) if rule.path else {"managedFieldsManagers": [rule.manager]})


def _of(ref: Ref) -> dict[str, Any]:
    named = {"group": ref.group, "kind": ref.kind, "name": ref.name}
    return named | ({"namespace": ref.namespace} if ref.namespace else {})


def _at(path: str) -> dict[str, Any]:
    steps = paths.parse(path)
    if any(isinstance(step, paths.Match) for step in steps):
        return {"jqPathExpressions": ["".join(_jq(step) for step in steps)]}
    return {"jsonPointers": ["".join(f"/{_escaped(str(step))}" for step in steps)]}


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _jq(step: paths.Step) -> str:
    if isinstance(step, paths.Match):
        return f"[] | select(.{_quoted(step.key)} == {_quoted(step.value)}) | "
    return f"[{step}]" if isinstance(step, int) else f".{_quoted(step)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
