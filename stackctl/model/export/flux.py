"""A folder for Flux: a Kustomization for each unit, each after those it needs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from stackctl.model.compose.embedded import Codec
from stackctl.model.export.exported import ExportFile, Repository
from stackctl.model.export.kustomize import folders
from stackctl.model.export.units import Unit, outlives, without_hooks
from stackctl.model.objects.refs import annotated

NAMESPACE = "flux-system"
ENTRY = "flux.yaml"
STAYS = {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def flux(
    units: Sequence[Unit], stack: str, repository: Repository, yaml: Codec
) -> Iterator[ExportFile]:
    """Yield the folder of each unit, and what Flux is told: where they are, and in which order."""
    kept = [
        replace(
            unit,
            objects=tuple(
                annotated(without_hooks(each), STAYS if outlives(each) else {})
                for each in unit.objects
            ),
        )
        for unit in units
    ]
    yield from folders(kept, yaml)
    documents = [_source(stack, repository)]
    documents += [_kustomization(unit, stack, repository) for unit in units]
    yield ExportFile(ENTRY, "---\n".join(yaml.dump(each) for each in documents))


def _source(stack: str, repository: Repository) -> dict[str, Any]:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": stack, "namespace": NAMESPACE},
        "spec": {
            "interval": "5m",
            "url": repository.address,
            "ref": {"branch": repository.branch},
        },
    }


def _kustomization(unit: Unit, stack: str, repository: Repository) -> dict[str, Any]:
    needs = [{"name": f"{stack}-{name}"} for name in unit.needs]
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": f"{stack}-{unit.name}", "namespace": NAMESPACE},
        "spec": {
            **({"dependsOn": needs} if needs else {}),
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "10m",
            "path": f"./{repository.path(unit.name)}",
            "prune": True,
            "wait": True,
            "sourceRef": {"kind": "GitRepository", "name": stack},
        },
    }
