"""Write a component to start from: its folder, and a profile to try it with."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import ConfigError, ConflictError
from stackctl.model.catalogue.component import Component, Manifests
from stackctl.model.catalogue.component_file import ComponentFile
from stackctl.model.catalogue.envelope import LABEL, LABEL_HELP
from stackctl.model.compose.check import validate_component
from stackctl.model.compose.object_check import ObjectFault
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.objects.kinds import defined, namespaces_in
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import PROTECTED_NAMESPACES, Manifest
from stackctl.model.scaffold.proposals import FIRST_VERSION, namespace_of
from stackctl.model.scaffold.skeleton import (
    component_text,
    example,
    namespace_text,
    profile_text,
)
from stackctl.model.scaffold.sourced import of_chart, of_kustomize
from stackctl.model.shapes.decode import decode
from stackctl.sources import folders, yaml
from stackctl.sources.components import YAML
from stackctl.sources.new_folder import Content, require_absent, write_folder, write_new_file
from stackctl.sources.plain_manifests import PlainFile, chart_at, kustomize_at, read_plain
from stackctl.sources.upstream.archive import chart_files

_MODE = 0o666  # less what the umask takes


@dataclass(frozen=True, slots=True)
class Started:
    """What was written, and what was found for it."""

    component: Component
    files: tuple[str, ...]
    profile: bool  # whether there is one to try it with, of its name and of nothing else


def new_component(name: str, catalog: Path, source: Path | None = None) -> Started:
    """Write a component of a catalogue, of manifests, a chart, a kustomize folder or an example.

    Nothing is written over.

    Raises:
        ConfigError: the manifests are not right, or the folder cannot be written.
        RenderError: the chart cannot be read.
        ConflictError: there is a component of this name.
    """
    home, profile = catalog / folders.MANIFESTS / name, catalog / folders.PROFILES / f"{name}.yaml"
    if not re.fullmatch(LABEL, name):
        raise ConfigError(f'a component cannot be called "{name}": expected {LABEL_HELP}')
    require_absent(home)
    known = folders.catalogues([catalog] if folders.is_catalogue(catalog) else [])
    for file in (file for root in known for file in folders.component_files(root)):
        if file.parent.name == name:
            what = f"a component is called {name} already: {folders.shown(file.parent)}"
            raise ConflictError(what, hint="choose another name")
    text = _of_source(name, home, source) if source is not None else ""
    component, texts = (
        (_checked(name, text, home, [], ""), {"component.yaml": _content(text)})
        if text
        else _of_manifests(name, home, source)
    )
    write_folder(home, texts)
    written = [home / each for each in texts]
    alone = name not in {file.stem for root in known for file in folders.profile_files(root)}
    if alone:
        write_new_file(profile, profile_text(name, yaml.dump).encode())
        written.append(profile)
    return Started(component, tuple(map(folders.shown, written)), alone)


def _of_source(name: str, home: Path, source: Path) -> str:
    """Write of a chart or a kustomize folder, which stay where they are; nothing of manifests.

    Raises:
        RenderError: it cannot be read.
    """
    if chart := chart_at(source):
        found = chart_files(chart)
        values = yaml.load(
            found.files.get("values.yaml", b""), f"{folders.shown(chart)}/values.yaml"
        )
        version = str(found.metadata.get("version") or "")
        known = values if isinstance(values, dict) else {}
        return of_chart(name, _from(home, chart), version, known, yaml.dump)
    if folder := kustomize_at(source):
        return of_kustomize(name, _from(home, folder), yaml.dump)
    return ""


def _from(home: Path, source: Path) -> str:
    """Write a path as a file in a folder names it."""
    return os.path.relpath(source.absolute(), home.absolute())


def _of_manifests(
    name: str, home: Path, source: Path | None
) -> tuple[Component, dict[str, Content]]:
    """Make a component of manifests as they are, or of an example."""
    files = _given(name, source)
    objects = _objects(name, files)
    missing = _missing_namespace(objects)
    texts = {f"base/{each.name}": (each.content, each.mode) for each in files}
    if missing:
        base = _free("namespace.yaml", [each.name for each in files])
        texts |= {f"base/{base}": _content(namespace_text(missing, yaml.dump))}
    version = "" if source else FIRST_VERSION
    text = component_text(name, objects, version=version, dump=yaml.dump)
    component = _checked(name, text, home, [*(m for f in files for m in f.objects)], missing)
    return component, {"component.yaml": _content(text), **texts}


def _given(name: str, source: Path | None) -> Sequence[PlainFile]:
    if source is not None:
        return read_plain(source)
    text = example(name, yaml.dump)
    found = tuple(each.value for each in yaml.load_all(text))
    return [PlainFile(f"{name}.yaml", text.encode(), _MODE, found)]


def _content(text: str) -> Content:
    return text.encode(), _MODE


def _objects(name: str, files: Iterable[PlainFile]) -> Objects:
    """Put the objects together as they will be.

    Raises:
        ConfigError: one is there twice.
    """
    manifests = list(flatten(each for file in files for each in file.objects))
    namespace = namespace_of(manifests, name)
    scopes = defined(manifests)
    objects = Objects(namespace)
    for manifest in manifests:
        try:
            objects.add(normalised(manifest, namespace, scopes))
        except NoSuchObject as error:
            raise ConfigError(f"the manifests do not fit together: {error}") from error
    return objects


def _missing_namespace(objects: Objects) -> str:
    """Return the component's namespace where nothing makes it."""
    made = set(namespaces_in(objects))
    known = objects.namespace in made | PROTECTED_NAMESPACES
    return "" if known else objects.namespace


def _free(name: str, taken: Sequence[str]) -> str:
    stem, _, suffix = name.rpartition(".")
    names = iter([name, *(f"{stem}-{number}.{suffix}" for number in range(2, len(taken) + 3))])
    return next(each for each in names if each not in taken)


def _checked(
    name: str, text: str, home: Path, manifests: Sequence[Manifest], missing: str
) -> Component:
    """Read the component as every other command will, before any of it is written.

    Raises:
        ConfigError: it would be refused.
    """
    file = decode(ComponentFile, yaml.load(text))
    component = Component(name, file.metadata.description, file.spec, str(home.absolute()))
    added = [yaml.load(namespace_text(missing, yaml.dump))] if missing else []
    base = (*manifests, *added)
    problems = validate_component(component, Manifests(base, {}, {}, {}, {}), yaml=YAML)
    if problems:
        raise ConfigError.listing(
            "no component can be made of these manifests:", list(_said(problems))
        )
    return component


def _said(problems: Iterable[object]) -> Iterator[str]:
    for each in problems:
        yield f"{each.ref}: {each.what}" if isinstance(each, ObjectFault) else str(each)
