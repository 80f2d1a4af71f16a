"""Kustomize folders, built by the kustomize that is installed, or by kubectl.

Only what lies on this machine is used: a base from elsewhere is another one tomorrow, and plugins
are programs that would run here. Both are refused before anything is built.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError, RenderError
from stackctl.files import Unreadable, is_folder, read_file
from stackctl.model.charts.rendered import Rendered
from stackctl.model.export.kustomize import KUSTOMIZATION, KUSTOMIZATIONS
from stackctl.model.objects.kinds import Scopes
from stackctl.model.objects.wording import span
from stackctl.secrets import SECRETS
from stackctl.sources import yaml
from stackctl.sources.folders import shown
from stackctl.sources.upstream.texts import objects_in

SECONDS = 60.0
_FILES = ("resources", "bases", "components", "crds", "configurations", "patchesStrategicMerge")
_PLUGINS = ("generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator")
_REMOTE = ("://", "git@", "git::", "github.com/", "gitlab.com/", "bitbucket.org/")
_GET = "install kubectl (https://kubernetes.io/docs/tasks/tools) or kustomize"
_MOST_SHOWN = 2000


def build(folder: str, base: str, namespace: str, scopes: Scopes) -> Rendered:
    """Build a kustomize folder; its path starts from the folder of the file that names it.

    Raises:
        RenderError: it uses what is refused, cannot be built, or there is nothing to build it with.
    """
    path = Path(base).parent / folder
    if problems := [*dict.fromkeys(_refused(path, set()))]:
        raise RenderError.listing(
            f"{shown(path)} uses what is not on this machine, or runs programs:",
            problems,
            hint="put what it needs into the folder, built",
        )
    made = objects_in(_built(path), shown(path), namespace, scopes)
    return Rendered(tuple(each for _, each in made))


def _refused(folder: Path, seen: set[Path]) -> Iterator[str]:
    """Name what a folder, and those it stands on, must not use."""
    if folder.resolve() in seen:
        return
    seen.add(folder.resolve())
    file, found = _kustomization(folder)
    for key in _PLUGINS:
        if found.get(key):
            yield f"{shown(file)}: {key}: plugins are refused"
    for key in _FILES:
        for entry in found.get(key) or ():
            if not isinstance(entry, str):
                continue
            if any(sign in entry for sign in _REMOTE) or "?ref=" in entry:
                yield f"{shown(file)}: {key}: {entry} is remote"
            elif is_folder(folder / entry):
                yield from _refused(folder / entry, seen)


def _kustomization(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    for name in KUSTOMIZATIONS:
        file = folder / name
        try:
            found = yaml.load(read_file(file), shown(file))
        except Unreadable as error:
            if error.absent:
                continue
            raise RenderError(f"{shown(file)}: cannot be read: {error}") from error
        except ConfigError as error:
            raise RenderError(str(error), problems=error.problems) from error
        return file, found if isinstance(found, dict) else {}
    raise RenderError(f"{shown(folder)}: no kustomize folder: it has no {KUSTOMIZATION}")


def _built(path: Path) -> bytes:
    try:
        done = subprocess.run(
            [*_program(os.environ), str(path)],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"{shown(path)}: building took longer than {span(SECONDS)}") from error
    except OSError as error:
        raise RenderError(f"{shown(path)} cannot be built: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("error: ")
        said = SECRETS.mask(said.removeprefix("Error: "))[:_MOST_SHOWN]
        raise RenderError(f"{shown(path)} cannot be built: {said}")
    return done.stdout


def _program(env: Mapping[str, str]) -> list[str]:
    for name, verb in (("kustomize", "build"), ("kubectl", "kustomize")):
        if program := shutil.which(name, path=env.get("PATH")):
            return [program, verb]
    raise RenderError(
        "kustomize folders are built by kustomize or kubectl, and neither is installed", hint=_GET
    )
