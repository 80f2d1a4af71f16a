"""What components come to that have a source beside their folder: charts, kustomize, files."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stackctl.errors import RenderError
from stackctl.model.catalogue.component import Manifests
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile import Needs
from stackctl.model.charts.capabilities import Capabilities
from stackctl.model.charts.rendered import Fields, Rendered
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.kinds import Scopes
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.resolve.bound_values import with_parameters
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.selection import Chosen, Selection

if TYPE_CHECKING:  # rendering offline loads no client
    from stackctl.cluster.connection import Connection

_LOWER = re.compile(r">=\s*v?(\d+\.\d+(?:\.\d+)?)")
_ROUNDS = 3

Target = Callable[[], Capabilities]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A selection with the manifests of its components, sources rendered."""

    selection: Selection
    manifests: Mapping[str, Manifests]
    scopes: Scopes = field(default_factory=dict)  # what the target says of its kinds
    generated: Mapping[str, Fields] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    charts: Mapping[str, str] = field(default_factory=dict)  # digests, by component
    # Why some have nothing, where what there is is only described.
    unrendered: Mapping[str, RenderError] = field(default_factory=dict)


def with_sources(
    selection: Selection,
    manifests: Mapping[str, Manifests],
    target: Target | None,
    *,
    described: bool = False,
) -> Sourced:
    """Render the sources of components, for a target or for what the profile requires of one.

    Kinds that the stack defines itself count as served, so that the first deploy renders what
    the second does. Where nothing but a description comes of it, `described`, what cannot be
    rendered is as what somebody else runs.

    Raises:
        RenderError: a source cannot be rendered.
    """
    parts = [p for p in selection.components if p.source and p.mode is not Mode.EXTERNAL]
    if not parts:
        return Sourced(selection, manifests)
    from stackctl.model.charts.joined import idle, joined  # most stacks have no source

    known = target() if target else _offline(selection.requires)
    able = known.with_kinds(each for layers in manifests.values() for each in _all(layers))
    found: dict[str, Rendered] = {}
    faults: dict[str, RenderError] = {}
    for _ in range(_ROUNDS):
        found, more = _all_rendered((p for p in parts if p.component.name not in faults), able)
        faults |= more
        if faults and not described:
            raise RenderError.together("these components cannot be rendered:", [*faults.values()])
        before = able
        able = able.with_kinds(each for one in found.values() for each in one.objects)
        if able == before:
            break
    chosen = {name: _left_out(part) for part in parts if (name := part.component.name) in faults}
    layers = dict(manifests)
    notes = [note for one in found.values() for note in one.notes]
    for part in (each for each in parts if each.component.name in found):
        name = part.component.name
        notes += idle(part, found[name], manifests[name])
        chosen[name], layers[name] = joined(part, manifests[name], found[name])
    components = tuple(chosen.get(p.component.name, p) for p in selection.components)
    return Sourced(
        replace(selection, components=components),
        layers,
        known.scopes,
        {name: one.generated for name, one in found.items() if one.generated},
        tuple(notes),
        {name: one.digest for name, one in found.items() if one.digest},
        faults,
    )


def _left_out(part: Chosen) -> Chosen:
    return replace(part, mode=Mode.EXTERNAL)


def _all_rendered(
    parts: Iterable[Chosen], able: Capabilities
) -> tuple[dict[str, Rendered], dict[str, RenderError]]:
    """Render every part, so that what is wrong with any of them is said at once."""
    found: dict[str, Rendered] = {}
    faults: dict[str, RenderError] = {}
    for part in parts:
        try:
            found[part.component.name] = _rendered(part, able)
        except RenderError as error:
            faults[part.component.name] = error
    return found, faults


def _all(layers: Manifests) -> tuple[Manifest, ...]:
    return (*layers.base, *(each for more in layers.features.values() for each in more))


def _rendered(part: Chosen, able: Capabilities) -> Rendered:
    from stackctl.sources.upstream.sources import SourceRequest, read_source

    component, source = part.component, part.source
    assert source is not None  # noqa: S101 - chosen so
    parameters = component.spec.parameters
    bound = {
        name: parameter
        for name, parameter in parameters.items()
        if any(place.values for place in parameter.places)
    }
    wanted = SourceRequest(
        component.name,
        part.namespace,
        with_parameters(source, bound, part.parameters, component.file),
        able,
        confidential=any(confidential(name, parameter) for name, parameter in bound.items()),
    )
    return read_source(source, wanted)


def _offline(needs: Needs) -> Capabilities:
    """Return what may be relied on where no cluster is asked: the least that the profile takes."""
    match = _LOWER.search(needs.kubernetes)
    return Capabilities(kubernetes=_whole(match[1]) if match else "")


def _whole(version: str) -> str:
    return version if version.count(".") == 2 else f"{version}.0"


def capabilities_of(connection: "Connection") -> Capabilities:
    """Say what a cluster can do, as charts ask for it."""
    resources = connection.discovery.all()
    names = {each.api_version for each in resources}
    names |= {f"{each.api_version}/{each.kind}" for each in resources}
    scopes = {each.group_kind: each.namespaced for each in reversed(resources)}
    return Capabilities(connection.info.version.removeprefix("v"), frozenset(names), scopes)


def keep_generated(
    bundle: Bundle, generated: Mapping[str, Fields], connection: "Connection"
) -> Bundle:
    """Keep what is live of the fields that charts make up anew at each rendering."""
    if not generated:
        return bundle
    from stackctl.model.charts.generated import refs_of, settled

    live = {ref: found for ref in refs_of(generated) if (found := _live(ref, connection))}
    return settled(bundle, generated, live)


def _live(ref: Ref, connection: "Connection") -> Manifest | None:
    resource = connection.discovery.find(ref.group, ref.kind)
    return connection.client.get(resource.path(ref.namespace, ref.name)) if resource else None
