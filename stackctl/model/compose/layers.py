"""One component's objects, layer by layer: base, features, parameters, repeats, patches.

What several components come to together is `compose`'s part; whether a component's files are
right at all is `check`'s.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from stackctl.errors import RenderError
from stackctl.model.catalogue.component import (
    Component,
    Manifests,
    MapPart,
    ParameterType,
    Place,
)
from stackctl.model.catalogue.generated import Generated, stand_in
from stackctl.model.catalogue.parameters import entries_of
from stackctl.model.catalogue.profile import DEFAULT, Settings
from stackctl.model.compose.bind import Binder, PlaceError, active, leaves_out, said_at
from stackctl.model.compose.embedded import Formats
from stackctl.model.compose.namespaces import moved, renamed
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.compose.settings import applied, rewrite_image_places
from stackctl.model.objects.kinds import Scopes
from stackctl.model.objects.merge import OverlayError, deletes, patched
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import Manifest, Ref, group_of, ref_of
from stackctl.model.objects.secret_data import encoded_text
from stackctl.model.resolve.selection import Chosen
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.suggest import did_you_mean


def objects_of(
    chosen: Chosen, manifests: Manifests, scopes: Scopes, formats: Formats, settings: Settings
) -> Objects:
    """Put the objects of one component together.

    Raises:
        RenderError: a layer does not fit, with the component or the file it comes from.
    """
    component = chosen.component
    try:
        layers = spelled(component, manifests, scopes)
        binder = Binder(built(component, layers, chosen.features, scopes), formats)
        values = _bound(chosen, binder)
        bind(binder, component, values, chosen.features)
        _leave_out(binder.objects, component, values)
        objects = relocated(binder, component, chosen.namespace, chosen.features)
        for manifest in repeated(chosen, manifests, scopes, formats):
            objects.add(manifest)
    except (NoSuchObject, PlaceError, OverlayError) as error:
        raise RenderError(f"component {component.name}: {error}") from error
    problems = []
    for origin, patch in chosen.patches:
        try:
            apply_patch(objects, patch, scopes)
        except (NoSuchObject, OverlayError) as error:
            problems.append(f"{origin}: patch of {_title(patch)}: {error}")
    if problems:
        raise RenderError.listing(f"the patches of {component.name} do not fit:", problems)
    rewrite_image_places(
        Binder(objects, formats), component.spec.images or (), settings.imageRegistry
    )
    for ref in objects.refs():
        objects.put(ref, applied(objects[ref], settings))
    return objects


def _bound(chosen: Chosen, binder: Binder) -> dict[str, Any]:
    """Return the values to be written.

    What a source comes to depends on its values: a default whose object is not among it has
    nothing to say, while what somebody has set has.
    """
    values = dict(values_of(chosen))
    if chosen.source is None:
        return values
    for name, parameter in chosen.component.spec.parameters.items():
        places = active(parameter.places, chosen.features)
        there = all(binder.objects.has(place.object) for place in places)
        if not there and chosen.parameters[name].origin == DEFAULT:
            values[name] = None
    return values


def spelled(component: Component, manifests: Manifests, scopes: Scopes) -> Manifests:
    """Write the objects of base and features in their one spelling, to be laid over each other."""

    def each(layer: Iterable[Manifest]) -> tuple[Manifest, ...]:
        return tuple(normalised(m, component.spec.namespace, scopes) for m in flatten(layer))

    features = {name: each(layer) for name, layer in manifests.features.items()}
    return replace(manifests, base=each(manifests.base), features=features)


def built(
    component: Component, manifests: Manifests, features: Collection[str], scopes: Scopes
) -> Objects:
    """Lay the features that are on over the base; `manifests` are `spelled`.

    Raises:
        NotFound: an object is there twice, or a patch's target is not.
        OverlayError: a patch does not fit.
    """
    namespace = component.spec.namespace
    objects = Objects(namespace)
    names = [name for name in component.spec.features if name in features]
    for layer in (manifests.base, *(manifests.features.get(name, ()) for name in names)):
        for manifest in layer:
            objects.add(manifest)
    for name in names:
        for patch in manifests.patches.get(name, ()):
            apply_patch(objects, patch, scopes)
    return objects


def bind(
    binder: Binder,
    component: Component,
    values: Mapping[str, Any],
    features: Collection[str],
    each: str = "",
    *,
    smoke: bool = False,
) -> None:
    """Write every parameter to its places: of the stack, of a repeated layer or of smoke tests.

    Raises:
        PlaceError: a place is not there.
    """
    for name, parameter in component.spec.parameters.items():
        secret = parameter.type is ParameterType.SECRET
        for place in active(parameter.places, features, each, smoke=smoke):
            value = said_at(place, values[name])
            # A key of a Secret is in base64; a document in one is written so by the binder.
            whole = secret and value is not None and not place.key
            binder.ensure(place, encoded_text(value) if whole else value)


def _leave_out(objects: Objects, component: Component, values: Mapping[str, Any]) -> None:
    """Leave out the objects that are not there for these values."""
    for name, parameter in component.spec.parameters.items():
        for place in parameter.places:
            if leaves_out(place, values[name]) and objects.has(place.object):
                objects.remove(objects.find(place.object))


def values_of(chosen: Chosen) -> dict[str, Any]:
    """Return what is written for each parameter: for secrets what stands for them."""
    declared = chosen.component.spec.parameters
    return {
        key: _standing(f"{chosen.component.name}.{key}", setting.value)
        if key in declared and declared[key].type is ParameterType.SECRET
        else setting.value
        for key, setting in chosen.parameters.items()
    }


def _standing(name: str, value: Any) -> str | None:
    if value is None:
        return None
    return stand_in(value.name if isinstance(value, Generated) else name)


def relocated(
    binder: Binder, component: Component, namespace: str, features: Collection[str]
) -> Objects:
    """Move the objects to another namespace, and the texts that name it."""
    old = component.spec.namespace
    if namespace == old:
        return binder.objects
    for place in active(component.spec.namespacePlaces, features):
        _rename(binder, place, old, namespace)
    return Objects(namespace, (moved(each, old, namespace) for each in binder.objects))


def _rename(binder: Binder, place: Place, old: str, new: str) -> None:
    found = binder.read(place)
    if isinstance(found, list):
        binder.write(place, [renamed(str(item), old, new) for item in found])
    elif isinstance(found, str):
        binder.write(place, renamed(found, old, new))


def repeated(
    chosen: Chosen, manifests: Manifests, scopes: Scopes, formats: Formats
) -> Iterable[Manifest]:
    """Yield the objects of repeated layers, once for each item of their parameter.

    Raises:
        PlaceError: a place is not there.
        NotFound: an object is there twice.
    """
    component = chosen.component
    values = values_of(chosen)
    for name, repeat in component.spec.each.items():
        template = template_of(component, manifests, name, scopes)
        binder = Binder(template, formats)
        bind(binder, component, values, chosen.features, name)
        for place in active(component.spec.namespacePlaces, chosen.features, name):
            _rename(binder, place, component.spec.namespace, chosen.namespace)
        originals = [moved(each, component.spec.namespace, chosen.namespace) for each in template]
        for entry in entries_of(values[name]):
            copy = Binder(Objects(chosen.namespace, originals, anywhere=True), formats)
            for place in repeat.places:
                copy.write(place, entry[place.part or MapPart.KEYS])
            yield from copy.objects


def template_of(component: Component, manifests: Manifests, name: str, scopes: Scopes) -> Objects:
    """Return the objects of a repeated layer as written."""
    namespace = component.spec.namespace
    flat = flatten(manifests.each.get(name, ()))
    return Objects(namespace, (normalised(each, namespace, scopes) for each in flat), anywhere=True)


def smoke_of(
    chosen: Chosen, manifests: Manifests, scopes: Scopes, formats: Formats, settings: Settings
) -> Objects:
    """Put the objects together that prove that a component works.

    Raises:
        RenderError: a place is not there.
    """
    component, namespace = chosen.component, chosen.namespace
    try:
        written = smoke_as_written(component, manifests, scopes, chosen.features)
        binder = Binder(written, formats)
        bind(binder, component, values_of(chosen), chosen.features, smoke=True)
        for place in active(component.spec.namespacePlaces, chosen.features, smoke=True):
            _rename(binder, place, component.spec.namespace, namespace)
    except (NoSuchObject, PlaceError) as error:
        raise RenderError(f"component {component.name}: smoke/: {error}") from error
    rewrite_image_places(binder, component.spec.images or (), settings.imageRegistry)
    objects = (moved(each, component.spec.namespace, namespace) for each in binder.objects)
    return Objects(namespace, (applied(each, settings) for each in objects), anywhere=True)


def smoke_as_written(
    component: Component,
    manifests: Manifests,
    scopes: Scopes,
    features: Collection[str],
) -> Objects:
    """Return the objects of smoke/, and of smoke/FEATURE/ for the features that are on."""
    namespace = component.spec.namespace
    flat = (
        each
        for path, found in manifests.files.items()
        if feature_of_smoke(path) in ("", *features)
        for each in flatten(found)
    )
    return Objects(namespace, (normalised(each, namespace, scopes) for each in flat), anywhere=True)


def feature_of_smoke(path: str) -> str:
    """Return the feature that a smoke test is of; none for those that are always there."""
    return path.split("/")[1] if path.count("/") > 1 else ""


def apply_patch(objects: Objects, patch: Manifest, scopes: Scopes) -> None:
    """Lay a partial object over the one of the same identity, or take that one out.

    Raises:
        NotFound: there is no such object.
        OverlayError: the patch does not fit.
    """
    ref = _target(objects, patch)
    if deletes(patch):
        objects.remove(ref)
        return
    changes = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind")}
    result = patched(objects[ref], changes)
    if problems := object_problems(result):
        raise OverlayError("; ".join(map(str, problems)))
    objects.put(ref, normalised(result, objects.namespace, scopes))


def _target(objects: Objects, patch: Manifest) -> Ref:
    """Find the object a patch is for; without a namespace it is the component's."""
    wanted = ref_of(patch)
    for ref in objects.refs():
        here = wanted.namespace or objects.namespace
        if (ref.group, ref.kind, ref.name) == (wanted.group, wanted.kind, wanted.name) and (
            ref.namespace in ("", here)
        ):
            return ref
    known = (f"{ref.kind}/{ref.name}" for ref in objects.refs())
    name = f"{wanted.kind}/{wanted.name}"
    group = f" in {group_of(patch)}" if group_of(patch) else ""
    raise NoSuchObject(f"there is no {name}{group} to patch{did_you_mean(name, known)}")


def _title(patch: Manifest) -> str:
    return f"{patch['kind']}/{patch['metadata']['name']}"
