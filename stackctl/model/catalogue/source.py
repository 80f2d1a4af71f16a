"""Where a component's objects come from when they are not written in its folder.

A chart of Helm, a folder of kustomize, files: said by component.yaml, a profile or a stack file.
Getting and rendering them is done by sources; which file wins is `resolve`'s part.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from stackctl.model.shapes.decode import At, Problem

_VERSION = re.compile(r"v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?")
_DIGEST = r"sha256:[0-9a-f]{64}"
_SHA256 = r"(?:sha256:)?[0-9a-f]{64}"


class HookUse(StrEnum):
    """What becomes of a hook of a chart."""

    BEFORE = "before"  # applied, and waited for, before the component's own objects
    AFTER = "after"  # applied after them
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A Helm chart: a folder or an archive, a chart of a repository, or one of a registry."""

    path: str = ""  # of a folder or an archive, from the file that says so
    repository: str = ""
    name: str = ""
    oci: str = ""  # without its tag
    version: str = ""
    digest: str = field(
        default="",
        metadata={"pattern": rf"(?:{_DIGEST})?", "help": "sha256: and 64 hexadecimal digits"},
    )
    values: Mapping[str, Any] = field(default_factory=dict)
    hooks: Mapping[str, HookUse] = field(default_factory=dict)  # by Kind/name

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What says which chart it is, in whatever version."""
        return (self.path, self.repository, self.name, self.oci)

    def __str__(self) -> str:
        if self.path:
            return self.path
        name = self.oci or f"{self.repository.rstrip('/')}/{self.name}"
        return f"{name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A file of manifests on this machine, or one that is fetched and verified."""

    SHORT: ClassVar[str] = "path"  # a text alone says this

    path: str = ""  # from the file that says so
    url: str = ""
    sha256: str = field(
        default="", metadata={"pattern": rf"(?:{_SHA256})?", "help": "64 hexadecimal digits"}
    )


@dataclass(frozen=True, slots=True)
class Source:
    """Where objects come from; exactly one of the fields is set."""

    chart: ChartSource | None = None
    kustomize: str = ""  # a folder, from the file that says so
    manifests: tuple[ManifestFile, ...] = ()

    def __str__(self) -> str:
        if self.chart:
            return f"chart {self.chart}"
        if self.kustomize:
            return f"kustomize {self.kustomize}"
        return ", ".join(file.path or file.url for file in self.manifests)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of this machine that it names."""
        named = (self.chart.path if self.chart else "", self.kustomize)
        return tuple(filter(None, (*named, *(file.path for file in self.manifests))))

    @property
    def located(self) -> bool:
        """Whether it says where the objects are, and not only more about a chart."""
        return bool(self.kustomize or self.manifests or (self.chart and any(self.chart.place)))


def overlaid(base: Source, over: Source) -> Source:
    """Lay what a later file says over what was said; values are laid apart from it.

    A digest is one of a chart in a version: it goes when these change.
    """
    if over.kustomize or over.manifests or over.chart is None:
        return over if over.located else base
    old = base.chart or ChartSource()
    chart, new = over.chart, old
    if any(chart.place):
        new = replace(chart, version=chart.version)
    elif chart.version and chart.version != old.version:
        new = replace(old, version=chart.version, digest=chart.digest)
    elif chart.digest:
        new = replace(old, digest=chart.digest)
    return Source(chart=replace(new, values={}, hooks={**old.hooks, **chart.hooks}))


def source_problems(source: Source) -> Iterator[Problem]:
    """Check that a source, everything laid over each other, names one thing exactly."""
    ways = [bool(source.chart), bool(source.kustomize), bool(source.manifests)]
    if sum(ways) != 1:
        yield Problem((), f"expected one of chart, kustomize and manifests, found {sum(ways)}")
    elif source.chart:
        yield from _chart_problems(source.chart)
    for index, file in enumerate(source.manifests):
        yield from _file_problems(("manifests", index), file)


def _chart_problems(chart: ChartSource) -> Iterator[Problem]:
    at: At = ("chart",)
    ways = [bool(chart.path), bool(chart.repository or chart.name), bool(chart.oci)]
    if sum(ways) != 1:
        yield Problem(at, f"expected one of path, repository with name, and oci, found {sum(ways)}")
        return
    if bool(chart.repository) != bool(chart.name):
        yield Problem(at, f"{'name' if chart.repository else 'repository'} is missing")
    if chart.oci and (not chart.oci.startswith("oci://") or chart.oci.endswith("/")):
        yield Problem((*at, "oci"), "expected a reference such as oci://registry/path/chart")
    elif chart.oci and (":" in chart.oci.rpartition("/")[2] or "@" in chart.oci):
        yield Problem((*at, "oci"), "the version belongs in version, and a digest in digest")
    if chart.path:
        return
    if not chart.version:
        yield Problem(at, "version is missing: whatever is newest is another chart tomorrow")
    elif not _VERSION.fullmatch(chart.version):
        yield Problem((*at, "version"), f"expected a version such as 1.2.3, not {chart.version}")


def _file_problems(at: At, file: ManifestFile) -> Iterator[Problem]:
    if bool(file.path) == bool(file.url):
        yield Problem(at, "expected one of path and url")
    elif file.url and not file.sha256:
        yield Problem(at, "sha256 is missing: a file from elsewhere is used only as it was seen")
    elif file.url and not file.url.startswith(("https://", "http://")):
        yield Problem((*at, "url"), "expected an address that begins with https:// or http://")
