"""Charts of repositories and registries: brought by Helm, with its credentials, and kept.

What is kept is known by its digest. Which digest a chart had when it was first seen in a version
is kept as well: published versions do not change, and one that did is another chart.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError, RenderError, SourceUnreachable
from stackctl.files import Unreadable, exists, is_file, read_file, write_private
from stackctl.model.catalogue.source import ChartSource
from stackctl.sources import yaml
from stackctl.sources.upstream import helm
from stackctl.sources.upstream.archive import MOST_BYTES

_DENIED = ("401", "403", "unauthorized", "denied")
_LOOPBACK = re.compile(r"oci://(localhost|127\.[\d.]+|\[::1\])[:/]")


def located(chart: ChartSource, base: str) -> Path:
    """Return where a chart lies on this machine, bringing it where it is not here yet.

    Raises:
        SourceUnreachable: who has it does not answer, or does not give it.
        RenderError: it is not there, or is not the one that was meant.
    """
    if chart.path:
        path = Path(base).parent / chart.path
        if chart.digest and is_file(path):
            _require(chart, _digest(path), path)
        return path
    folder = helm.cache_folder() / "charts"
    known = folder / f"{_name(chart)}.digest"
    with suppress(Unreadable):
        path = folder / f"{read_file(known).decode().strip()}.tgz"
        if exists(path):
            return path
    return _brought(chart, folder, known)


def _brought(chart: ChartSource, folder: Path, known: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pull-") as partial:
        _pull(chart, partial)
        found = sorted(Path(partial).glob("*.tgz"))
        if len(found) != 1:
            raise RenderError(f"chart {chart}: Helm brought no archive")
        digest = _digest(found[0])
        if not chart.oci:
            _require(chart, digest, found[0])
        path = folder / f"{digest}.tgz"
        found[0].replace(path)
    write_private(known, digest.encode())
    return path


def _pull(chart: ChartSource, folder: str) -> None:
    program = helm.find()
    wanted = ["--version", chart.version, "--destination", folder]
    try:
        if chart.oci:
            name = f"{chart.oci}:{chart.version}" + (f"@{chart.digest}" if chart.digest else "")
            plain = ["--plain-http"] if _LOOPBACK.match(chart.oci) else []
            program.run((["pull", name, "--destination", folder, *plain], None))
        elif entry := _known_repository(chart.repository, os.environ):
            # Its credentials are in Helm's own files, and are found by its name alone.
            program.run((["repo", "update", entry], None))
            program.run((["pull", f"{entry}/{chart.name}", *wanted], None))
        else:
            program.run((["pull", chart.name, "--repo", chart.repository, *wanted], None))
    except helm.HelmFailed as error:
        raise _refusal(chart, error) from error


def _refusal(chart: ChartSource, error: helm.HelmFailed) -> RenderError:
    """Tell who does not answer, or does not give it, from a chart that is not there."""
    text, what = str(error).lower(), f"chart {chart} cannot be brought: {error}"
    if any(word in text for word in _DENIED):
        hint = "Helm keeps credentials: helm repo add, or helm registry login"
        return SourceUnreachable(what, hint=hint)
    if "not found" in text:
        place = chart.oci or f"{chart.name} --repo {chart.repository}"
        return RenderError(what, hint=f"helm show chart {place} tells the newest version there")
    hint = "see whether it is reachable from here: helm pull with the same words"
    return SourceUnreachable(what, hint=hint)


def _known_repository(url: str, env: Mapping[str, str]) -> str:
    """Return what Helm's own files call a repository; nothing where they do not know it."""
    named = env.get("HELM_REPOSITORY_CONFIG")
    home = Path(env.get("HELM_CONFIG_HOME") or _config(env) / "helm")
    with suppress(Unreadable, ConfigError):
        entries: Any = yaml.load(read_file(Path(named) if named else home / "repositories.yaml"))
        for each in (entries or {}).get("repositories") or ():
            if str(each.get("url", "")).rstrip("/") == url.rstrip("/"):
                return str(each["name"])
    return ""


def _config(env: Mapping[str, str]) -> Path:
    return Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME") or "~").expanduser() / ".config")


def _require(chart: ChartSource, digest: str, path: Path) -> None:
    if chart.digest and chart.digest != f"sha256:{digest}":
        raise RenderError(
            f"chart {chart}: expected the digest {chart.digest}, found sha256:{digest}",
            hint=f"it is not what was meant: look at it, and correct digest: {path.name}",
        )


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_file(path, MOST_BYTES)).hexdigest()
    except Unreadable as error:
        raise RenderError(f"{path}: cannot be read: {error}") from error


def _name(chart: ChartSource) -> str:
    """Return a name for a chart in one version, and as one digest."""
    parts = (*chart.place, chart.version, chart.digest)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
