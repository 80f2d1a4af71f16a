"""Manifests as people keep them, in a file or a folder, taken as `kubectl apply -f` takes them.

Folders within a folder are left out, as there. Helm and Kustomize make manifests of what they are
for: that is told, and not read here.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import ConfigError
from stackctl.files import exists, is_file, is_folder
from stackctl.model.export.kustomize import KUSTOMIZATIONS
from stackctl.model.objects.refs import Manifest
from stackctl.sources import folders
from stackctl.sources.components import read_objects
from stackctl.sources.reading import bytes_of

_SUFFIXES = (".yaml", ".yml", ".json")
_OURS = "component.yaml"
_CHART = "Chart.yaml"
_ADDRESS = re.compile(r"(oci|https?):/")
_ELSEWHERE = (
    "a chart of a registry or a repository needs no folder: a profile says "
    "components: {NAME: {source: {chart: {oci: ADDRESS, version: VERSION}}}}"
)


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file of manifests: its content, and the objects in it."""

    name: str
    content: bytes
    mode: int
    objects: tuple[Manifest, ...]


def read_plain(source: Path) -> tuple[PlainFile, ...]:
    """Read the manifests of a file, or of the files in a folder.

    Raises:
        ConfigError: there are none, they are not right, or something else makes them.
    """
    _require_plain(source)
    if not exists(source):
        hint = _ELSEWHERE if _ADDRESS.match(str(source)) else ""
        raise ConfigError(f"{folders.shown(source)}: there is no such file or folder", hint=hint)
    paths = list(_files(source)) if is_folder(source) else [source]
    files: list[PlainFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.append(_file(path))
        except ConfigError as error:
            problems += error.each
    if problems:
        raise ConfigError.listing(f"the manifests in {folders.shown(source)}:", problems)
    if not any(each.objects for each in files):
        inner = "; folders in it are left out" if is_folder(source) else ""
        raise ConfigError(f"{folders.shown(source)}: there are no manifests{inner}")
    return tuple(files)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".")
        if path.suffix in _SUFFIXES and not hidden and not is_folder(path):
            yield path


def _file(path: Path) -> PlainFile:
    objects = tuple(read_objects(path))
    mode = stat.S_IMODE(path.stat().st_mode)
    name = path.name if path.name != _OURS else "component-objects.yaml"
    return PlainFile(name, bytes_of(path), mode, objects)


def _require_plain(source: Path) -> None:
    shown = folders.shown(source)
    if is_file(source / _OURS):
        raise ConfigError(f"{shown}: a component already", hint=f"stackctl component lint {shown}")


def chart_at(source: Path) -> Path | None:
    """Return the chart that a path is of: its folder, its archive, or a file of its own."""
    if source.name == _CHART:
        return source.parent
    return source if source.suffix == ".tgz" or is_file(source / _CHART) else None


def kustomize_at(source: Path) -> Path | None:
    """Return the kustomize folder that a path is of."""
    if source.name in KUSTOMIZATIONS:
        return source.parent
    return source if any(is_file(source / each) for each in KUSTOMIZATIONS) else None
