"""A component and what its source came to, put together as if all of it were in its folder."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stackctl.model.catalogue.component import Manifests
from stackctl.model.charts.rendered import Rendered
from stackctl.model.compose.namespaces import moved
from stackctl.model.objects.kinds import namespaces_in
from stackctl.model.objects.normalise import flatten
from stackctl.model.objects.refs import Manifest, is_protected
from stackctl.model.resolve.selection import Chosen

UNVERSIONED = "0"


def joined(chosen: Chosen, own: Manifests, rendered: Rendered) -> tuple[Chosen, Manifests]:
    """Lay a component's folder over the objects of its source.

    The source is rendered for the namespace it goes to; what is in the folder is moved there, and
    the namespace itself is added where neither brings it.
    """
    spec, namespace = chosen.component.spec, chosen.namespace
    version = _version(chosen, rendered)
    component = replace(chosen.component, spec=replace(spec, namespace=namespace, version=version))
    layers = _moved(own, spec.namespace, namespace)
    base = (*_missing_namespace(namespace, (*rendered.objects, *layers.base)), *rendered.objects)
    return replace(chosen, component=component), replace(layers, base=(*base, *layers.base))


def _version(chosen: Chosen, rendered: Rendered) -> str:
    """Return the version: of the component where it says one, and nobody chose another chart."""
    source, own = chosen.source, chosen.component.spec.version
    if own and source is not None and source.own:
        return own
    return rendered.version or own or UNVERSIONED


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
