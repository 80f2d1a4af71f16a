"""Profiles, components, manifests and stack files: from disk to values.

The doors; what they open is kept apart so that listing profiles reads nothing else.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import SHIPPED, Catalogue, CatalogueSource
from stackctl.model.catalogue.lock_file import LockDocument
from stackctl.model.catalogue.profile import Profile, StackFile
from stackctl.model.catalogue.profile_file import ProfileFile, StackDocument
from stackctl.model.resolve.unknown_names import KnownNames, unknown_names
from stackctl.model.shapes.decode import Problem
from stackctl.sources import folders
from stackctl.sources.reading import decoded, read_all, require_name

if TYPE_CHECKING:
    from stackctl.model.catalogue.component import Component, Manifests


def read_catalogue(extra: Sequence[Path] = ()) -> Catalogue:
    """Read all profiles now, and all components when the first of them is asked for.

    Raises:
        ConfigError: a profile is wrong, or two have one name.
    """
    roots = folders.catalogues(extra)
    return Catalogue(read_profiles(roots), _Components(roots))


def read_profiles(roots: Sequence[Path]) -> Mapping[str, Profile]:
    """Read the profiles of catalogues.

    Raises:
        ConfigError: with what is wrong with any of them.
    """
    found = (path for root in roots for path in folders.profile_files(root))
    return read_all(found, partial(_profile, roots=roots))


class _Components(Mapping[str, "Component"]):
    """Components by name, all read when the first one is asked for."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots

    @cached_property
    def _read(self) -> "Mapping[str, Component]":
        from stackctl.sources.components import read_components

        return read_components(self._roots)

    def __getitem__(self, name: str) -> "Component":
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def read_manifests(component: "Component") -> "Manifests":
    """Read every layer of a component's folder and check it against component.yaml.

    Raises:
        ConfigError: with every fault of the files and of what they come to.
    """
    from stackctl.sources import components

    return components.read_manifests(component)


def read_stack_file(path: Path, extra: Sequence[Path] = ()) -> StackFile:
    """Read a stack file; where it is not right, names that no catalogue has are told as well.

    Raises:
        ConfigError: it is not there, or not right.
    """
    file, raw, lines = decoded(path, StackDocument, lambda raw: _unknown(raw, extra))
    return StackFile(
        name=file.metadata.name,
        profile="+".join((file.spec.profile, *file.spec.mixins)),
        path=folders.shown(path),
        target=file.spec.target,
        components=file.spec.components,
        settings=raw["spec"].get("settings") or {},
        accepts=raw["spec"].get("accepts") or {},
        record=file.spec.record,
        lines=lines,
    )


def read_lock(path: Path) -> LockDocument:
    """Read a lock file.

    Raises:
        ConfigError: it is not there, or not right.
    """
    file, _, _ = decoded(path, LockDocument)
    return file


def _unknown(raw: Any, extra: Sequence[Path]) -> Iterator[Problem]:
    try:
        roots = folders.catalogues(extra)
    except ConfigError:
        return  # which is said by who reads the catalogues
    yield from unknown_names(raw, _names(roots))


def _names(roots: Sequence[Path]) -> KnownNames:
    """Tell what there is; of a catalogue that is not right as well, by files and folders alone."""
    profiles = (path.stem for root in roots for path in folders.profile_files(root))
    files = (path for root in roots for path in folders.component_files(root))
    components: Mapping[str, Component | None] = {path.parent.name: None for path in files}
    with suppress(ConfigError):
        components = dict(_Components(roots))
    return KnownNames(frozenset(profiles), components)


def _profile(path: Path, roots: Sequence[Path]) -> Profile:
    names = lambda raw: unknown_names(raw, _names(roots))  # noqa: E731 - asked for rarely
    file, raw, lines = decoded(path, ProfileFile, names)
    require_name(path, file.metadata.name, path.stem)
    spec = raw.get("spec") or {}
    return Profile(
        name=file.metadata.name,
        description=file.metadata.description,
        path=folders.shown(path),
        extends=file.spec.extends,
        mixins=file.spec.mixins,
        components=file.spec.components,
        adjust=file.spec.adjust,
        requires=spec.get("requires") or {},
        settings=spec.get("settings") or {},
        accepts=spec.get("accepts") or {},
        record=file.spec.record,
        lines=lines,
    )


def catalogue_sources(
    extra: Sequence[Path], env: Mapping[str, str] = os.environ
) -> tuple[CatalogueSource, ...]:
    """Tell what catalogues hold, so that it can be told later whether they are the same.

    Raises:
        ConfigError: a folder that was named is none of these.
    """
    first, *rest = folders.catalogues(extra, env)
    named = [(SHIPPED, first), *((str(root.resolve()), root) for root in rest)]
    return tuple(CatalogueSource(name, _digest(root)) for name, root in named)


def is_here(source: CatalogueSource, env: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a catalogue that a stack was made from is on this machine, as it was."""
    try:
        if source.folder == SHIPPED:
            return _digest(folders.catalogues((), env)[0]) == source.digest
        root = Path(source.folder)
        return folders.is_catalogue(root) and _digest(root) == source.digest
    except (ConfigError, OSError):
        return False


def _digest(root: Path) -> str:
    """Hash every file that a catalogue's profiles and components are read from."""
    found = hashlib.sha256()
    for file in folders.component_files(root):
        for path in (file, *folders.layer_files(file.parent)):
            _add(found, root, path)
    for path in folders.profile_files(root):
        _add(found, root, path)
    return found.hexdigest()[:32]


def _add(found: "hashlib._Hash", root: Path, path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError:
        return  # whoever wants to use it says what is wrong with it
    name = os.fsencode(path.relative_to(root))
    found.update(b"%d %d " % (len(name), len(content)) + name + content)
