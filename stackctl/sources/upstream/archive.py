"""The files of a chart, from its folder or its archive, with the digest of all of them.

What is in an archive stays in memory: nothing is unpacked.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError, RenderError
from stackctl.files import Unreadable, is_file, is_folder, read_file
from stackctl.sources import yaml
from stackctl.sources.folders import shown

MOST_BYTES = 32 << 20
MOST_FILES = 20_000
_LEFT_OUT = frozenset({".git", ".svn", ".hg"})


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """A chart as it lies there."""

    digest: str  # of an archive, or of all files of a folder
    files: Mapping[str, bytes]  # by path, below the chart's own folder
    metadata: Mapping[str, Any]  # Chart.yaml


def chart_files(path: Path) -> ChartFiles:
    """Read a chart.

    Raises:
        RenderError: there is none, or it is too large.
    """
    if is_folder(path):
        files = dict(_in_folder(path))
        digest = hashlib.sha256()
        for name, content in sorted(files.items()):
            digest.update(f"{len(name)} {len(content)} {name}".encode(errors="surrogateescape"))
            digest.update(content)
        found = digest.hexdigest()
    else:
        content = _read(path)
        found, files = hashlib.sha256(content).hexdigest(), dict(_in_archive(path, content))
    return ChartFiles(found, files, _metadata(path, files))


def _metadata(path: Path, files: Mapping[str, bytes]) -> Mapping[str, Any]:
    if "Chart.yaml" not in files:
        raise RenderError(f"{shown(path)}: no chart of Helm: it has no Chart.yaml")
    try:
        found = yaml.load(files["Chart.yaml"], f"{shown(path)}/Chart.yaml")
    except ConfigError as error:
        raise RenderError(str(error), problems=error.problems) from error
    return found if isinstance(found, dict) else {}


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    size = count = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if _LEFT_OUT.intersection(name.parts) or not is_file(path):
            continue
        content = _read(path)
        size, count = size + len(content), count + 1
        _require_small(folder, size, count)
        yield str(name), content


def _in_archive(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    size = count = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as archive:
            for member in archive:
                if not member.isfile():
                    continue
                size, count = size + member.size, count + 1
                _require_small(path, size, count)
                file = archive.extractfile(member)
                yield member.name.removeprefix("./").partition("/")[2], file.read() if file else b""
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RenderError(f"{shown(path)}: no archive of a chart: {error}") from error


def _require_small(path: Path, size: int, count: int) -> None:
    if size > MOST_BYTES or count > MOST_FILES:
        raise RenderError(f"{shown(path)}: larger than any chart: is it the right folder?")


def _read(path: Path) -> bytes:
    try:
        return read_file(path, MOST_BYTES)
    except Unreadable as error:
        why = "there is no such chart" if error.absent else f"cannot be read: {error}"
        raise RenderError(f"{shown(path)}: {why}") from error
