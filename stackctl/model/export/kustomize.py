"""A folder for `kubectl apply -k`, and one that anything applies that takes manifests."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stackctl.model.compose.embedded import Codec
from stackctl.model.export.exported import ExportFile
from stackctl.model.export.units import Unit

KUSTOMIZATION = "kustomization.yaml"
KUSTOMIZATIONS = (KUSTOMIZATION, "kustomization.yml", "Kustomization")  # as kustomize reads them


def plain(units: Iterable[Unit], yaml: Codec) -> Iterator[ExportFile]:
    """Yield a file for each object."""
    for unit in units:
        for name, manifest in unit.named:
            yield ExportFile(f"{unit.name}/{name}", yaml.dump(manifest))


def kustomized(units: Sequence[Unit], yaml: Codec) -> Iterator[ExportFile]:
    """Yield a file for each object, and for each folder a list of them in order."""
    yield from folders(units, yaml)
    yield root(units, yaml)


def folders(units: Iterable[Unit], yaml: Codec) -> Iterator[ExportFile]:
    """Yield the folder of each unit, which can be applied by itself."""
    for unit in units:
        yield from plain([unit], yaml)
        yield _kustomization(f"{unit.name}/", [name for name, _ in unit.named], yaml)


def root(units: Iterable[Unit], yaml: Codec) -> ExportFile:
    """Name the folders in their order, which is kept as it is."""
    return _kustomization("", [unit.name for unit in units], yaml, sortOptions={"order": "fifo"})


def _kustomization(folder: str, resources: Sequence[str], yaml: Codec, **more: Any) -> ExportFile:
    document = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
        **more,
    }
    return ExportFile(f"{folder}{KUSTOMIZATION}", yaml.dump(document))
