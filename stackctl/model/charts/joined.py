"""A component and what its source came to, put together as if all of it were in its folder.

A chart that stands in for a component's own manifests takes their place: what is bound to places
in them leads nowhere, which is told. Definitions that it does not bring stay, for what users made
with them would go with them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from stackctl.model.catalogue.component import Component, Manifests, Probe
from stackctl.model.catalogue.parameters import NAMESPACE
from stackctl.model.catalogue.profile import DEFAULT
from stackctl.model.charts.rendered import Rendered
from stackctl.model.compose.namespaces import moved
from stackctl.model.objects.kinds import DEFINITION, kind_of, namespaces_in
from stackctl.model.objects.normalise import flatten
from stackctl.model.objects.refs import Manifest, is_protected, ref_of
from stackctl.model.objects.wording import first_few
from stackctl.model.resolve.selection import Chosen

UNVERSIONED = "0"
_TESTS = "smoke/chart"  # beside those of the folder


def joined(chosen: Chosen, own: Manifests, rendered: Rendered) -> tuple[Chosen, Manifests]:
    """Lay a component's folder over the objects of its source.

    The source is rendered for the namespace it goes to; what is in the folder is moved there, and
    the namespace itself is added where neither brings it.
    """
    if chosen.source is not None and chosen.source.instead:
        chosen, own = _stood_in(chosen), _definitions(chosen, own, rendered)
    spec, namespace = chosen.component.spec, chosen.namespace
    version = _version(chosen, rendered)
    component = replace(chosen.component, spec=replace(spec, namespace=namespace, version=version))
    layers = _moved(own, spec.namespace, namespace)
    if rendered.tests:
        layers = replace(layers, files={**layers.files, _TESTS: rendered.tests})
    base = (*_missing_namespace(namespace, (*rendered.objects, *layers.base)), *rendered.objects)
    return replace(chosen, component=component), replace(layers, base=(*base, *layers.base))


def _version(chosen: Chosen, rendered: Rendered) -> str:
    """Return the version: of the component where it says one, and nobody chose another chart."""
    source, own = chosen.source, chosen.component.spec.version
    if own and source is not None and source.own:
        return own
    if source is not None and source.instead:  # to be compared with that of the manifests
        return rendered.program or rendered.version or own
    return rendered.version or own or UNVERSIONED


# where a chart stands in for manifests


def idle(chosen: Chosen, rendered: Rendered, own: Manifests) -> tuple[str, ...]:
    """Say what a chart that stands in for a component's manifests leaves out, and what stays."""
    source, name = chosen.source, chosen.component.name
    if source is None or not source.instead:
        return ()
    bound = _with_values(chosen.component)
    said = [
        key
        for key, setting in chosen.parameters.items()
        if key not in (NAMESPACE, *bound) and setting.origin != DEFAULT
    ]
    said += [
        f"features.{key}"
        for key, setting in chosen.feature_settings.items()
        if setting.value and setting.origin != DEFAULT
    ]
    kept = [each["metadata"]["name"] for each in _missing(chosen, own, rendered)]
    notes = [f"{name}: {source.source} stands in for the manifests of {name}"]
    if said:
        notes.append(
            f"{name}: these are for its own manifests, and are not used: "
            f"{first_few(said, _NAMED)}; values of the chart: components.{name}.values"
        )
    if kept:
        notes.append(
            f"{name}: the chart brings no definition of {first_few(kept, _NAMED)}: "
            "those of its own manifests stay"
        )
    return tuple(notes)


_NAMED = 5


def _stood_in(chosen: Chosen) -> Chosen:
    """Leave out of a component what is about objects of its own manifests."""
    component, spec = chosen.component, chosen.component.spec
    bound = _with_values(component)
    parameters = {
        key: replace(each, places=tuple(place for place in each.places if place.values))
        for key, each in spec.parameters.items()
        if key in bound
    }
    kept = replace(
        spec,
        parameters=parameters,
        each={},
        images=None,
        namespacePlaces=(),
        ready=tuple(probe for probe in spec.ready if probe == Probe(allocatable=probe.allocatable)),
        restartOn={},
        ignore=(),
        contested=(),
    )
    settings = {
        key: each for key, each in chosen.parameters.items() if key in (NAMESPACE, *parameters)
    }
    return replace(chosen, component=replace(component, spec=kept), parameters=settings)


def _with_values(component: Component) -> frozenset[str]:
    """Name the parameters that are bound to values of the chart."""
    return frozenset(
        key
        for key, parameter in component.spec.parameters.items()
        if any(place.values for place in parameter.places)
    )


def _definitions(chosen: Chosen, own: Manifests, rendered: Rendered) -> Manifests:
    """Keep of a component's manifests what the chart must not take away, and what tries it out."""
    return Manifests(tuple(_missing(chosen, own, rendered)), {}, {}, {}, own.files)


def _missing(chosen: Chosen, own: Manifests, rendered: Rendered) -> Iterator[Manifest]:
    brought = {ref_of(each) for each in rendered.objects}
    for layer in (own.base, *(own.features.get(name, ()) for name in sorted(chosen.features))):
        for each in flatten(layer):
            if kind_of(each) == DEFINITION and ref_of(each) not in brought:
                yield each


# namespaces


def _missing_namespace(namespace: str, objects: Iterable[Manifest]) -> tuple[Manifest, ...]:
    named = set(namespaces_in(flatten(objects)))
    if namespace in named or is_protected(namespace):
        return ()
    return ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},)


def _moved(layers: Manifests, old: str, new: str) -> Manifests:
    if old == new:
        return layers

    def all_(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
        return tuple(moved(each, old, new) for each in flatten(manifests))

    def each(named: Mapping[str, tuple[Manifest, ...]]) -> dict[str, tuple[Manifest, ...]]:
        return {name: all_(manifests) for name, manifests in named.items()}

    return Manifests(
        base=all_(layers.base),
        features=each(layers.features),
        patches=each(layers.patches),
        each=each(layers.each),
        files=each(layers.files),
    )
