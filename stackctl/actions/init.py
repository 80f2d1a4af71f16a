"""Write a stack file to start from; an existing one is never touched."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import installations
from stackctl.errors import ConfigError, ConflictError
from stackctl.model.catalogue.envelope import API_VERSION, LABEL, LABEL_HELP, Metadata
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile import Choice, RecordPlace, TargetPin
from stackctl.model.catalogue.profile_file import StackDocument, StackSpec
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan import installations as elsewhere
from stackctl.model.resolve.confidential import secret_keys
from stackctl.model.resolve.overrides import chosen_by, merge
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Selection
from stackctl.model.shapes.decode import encoded
from stackctl.sources import yaml
from stackctl.sources.files import read_catalogue

_HEAD = """\
# What runs on this cluster. Yours to edit: stackctl reads it and never rewrites it.
#   stackctl diff       what a deploy would change
#   stackctl deploy     make it so
"""
_PRIVATE = "# Holds secrets: only its owner may read it.\n"
_PINNED = "# Another cluster than this one is refused.\n"
_COMPONENTS = "# Settings of components; `stackctl components NAME` lists what there is to set.\n"
_EXAMPLE = """\
# components:
#   spark-operator:
#     parameters:
#       jobNamespaces: [default, team-a]
#   kserve:
#     mode: skip            # managed | adopted | external | skip
"""
WORKERS = 3
_FOR_ALL, _FOR_OWNER = 0o666, 0o600  # less what the umask takes


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a stack file is to say, found right, and what it comes to."""

    profile: str
    name: str
    record: str | None
    components: Mapping[str, Choice]
    secret: bool  # whether a setting is
    selection: Selection


def beginning(
    *,
    profile: str,
    name: str,
    record: str | None = None,
    sets: Sequence[str] = (),
    catalogs: Sequence[Path] = (),
) -> Beginning:
    """Look over what a stack file is to say, before any cluster is asked.

    Raises:
        ConfigError: a name, the profile or a setting is wrong.
    """
    catalogue = read_catalogue(catalogs)
    require_names(stack=name, record=record)
    selection = resolve(catalogue, profile, sets=sets)
    components = chosen_by(catalogue.components, sets)
    secret = bool(secret_keys(catalogue.components, merge(sets)))
    return Beginning(profile, name, record, components, secret, selection)


def init(path: Path, begun: Beginning, target: TargetPin) -> Path:
    """Write a commented stack file that says what is given: profile, names, cluster, settings.

    Raises:
        ConfigError: the file cannot be written.
        ConflictError: the file exists already.
    """
    profile, secret = begun.profile, begun.secret
    first, *mixins = profile.split("+")
    spec = StackSpec(
        profile=first,
        mixins=tuple(mixins),
        target=target,
        components=begun.components,
        record=RecordPlace(begun.record),
    )
    document = StackDocument(API_VERSION, "Stack", Metadata(begun.name), spec)
    text = stack_text(document, secret=secret)
    try:
        how = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        descriptor = os.open(path, how, _FOR_OWNER if secret else _FOR_ALL)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        other = shlex.quote(str(path.with_name(f"other-{path.name}")))
        raise ConflictError(
            f"{path}: exists already and is never rewritten",
            hint=f"edit it, or name another file: stackctl init {profile} --file {other}",
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def found_already(connection: Connection, begun: Beginning) -> tuple[str, ...]:
    """Say what a profile would install and a cluster has already, and not from this stack.

    Raises:
        ClusterError: the cluster cannot be asked.
    """
    parts = tuple(
        BundleComponent(
            each.component.name,
            each.component.spec.version,
            each.namespace,
            (),
            signs=each.component.spec.detect,
            feature_signs=each.feature_signs,
        )
        for each in begun.selection.components
        if each.mode is Mode.MANAGED
    )
    with ThreadPoolExecutor(WORKERS) as pool:
        workloads, hidden = installations.collect(installations.begin(connection, pool))
    if hidden:
        return (f"what is there already cannot be seen: {hidden}",)
    stack = StackId(begun.name, begun.record or RECORD_NAMESPACE)
    found = elsewhere.installations(parts, workloads, stack)
    return tuple(elsewhere.before_the_first(found, begun.profile))


def require_names(*, stack: str, record: str | None) -> None:
    """Refuse names that no stack, and no namespace, can have.

    Raises:
        ConfigError: with each that is wrong.
    """
    named = (("a stack", stack), ("the namespace of a record", record))
    problems = [
        f'{what} cannot be called "{text}": expected {LABEL_HELP}'
        for what, text in named
        if text is not None and not re.fullmatch(LABEL, text)
    ]
    if problems:
        raise ConfigError.listing("these names will not do:", problems)


def stack_text(document: StackDocument, *, secret: bool = False) -> str:
    """Write a stack file with comments for whoever edits it; it reads back as what it was."""
    plain = encoded(document)
    spec = plain.pop("spec")
    parts = [(_PINNED if "clusterUID" in spec.get("target", {}) else "", "target"), ("", "record")]
    parts.append((_COMPONENTS, "components"))
    lines = [yaml.dump({key: spec[key] for key in ("profile", "mixins") if key in spec})]
    lines += [comment + yaml.dump({key: spec[key]}) for comment, key in parts if key in spec]
    lines += [] if "components" in spec else [_COMPONENTS + _EXAMPLE]
    head = _HEAD + (_PRIVATE if secret else "") + yaml.dump(plain)
    return f"{head}spec:\n{indent(''.join(lines), '  ')}"
