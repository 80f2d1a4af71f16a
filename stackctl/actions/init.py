"""Write a stack file to start from; an existing one is never touched."""

from collections.abc import Sequence
from pathlib import Path

from stackctl.errors import ConfigError, ConflictError
from stackctl.model.run.outcome import TargetInfo
from stackctl.sources.files import read_catalogue

_HEAD = """\
# What runs on this cluster. Yours to edit: stackctl reads it and never rewrites it.
#   stackctl diff       what a deploy would change
#   stackctl deploy     make it so
apiVersion: stackctl.dev/v1alpha1
kind: Stack
metadata:
  name: {name}
spec:
  profile: {profile}
"""
_TARGET = """\
  # Another cluster than this one is refused.
  target:
    context: {context}
    clusterUID: {uid}
"""
_COMPONENTS = """\
  # Settings of components; `stackctl components` lists what there is to set.
  # components:
  #   spark-operator:
  #     parameters:
  #       jobNamespaces: [default, team-a]
  #   kserve:
  #     mode: skip            # managed | adopted | external | skip
"""


def init(
    path: Path,
    *,
    profile: str,
    name: str,
    target: TargetInfo | None,
    catalogs: Sequence[Path] = (),
) -> Path:
    """Write a commented stack file for a profile and, where it is known, its cluster.

    Raises:
        ConfigError: there is no such profile, or the folder cannot be written.
        ConflictError: the file exists already.
    """
    read_catalogue(catalogs).profile(profile)
    text = _HEAD.format(name=name, profile=profile)
    if target is not None and target.cluster_uid:
        text += _TARGET.format(context=target.context, uid=target.cluster_uid)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text + _COMPONENTS)
    except FileExistsError as error:
        raise ConflictError(
            f"{path}: exists already and is never rewritten",
            hint=f"edit it, or name another file: stackctl init --file other-{path.name}",
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return path
