"""The bundle: every component's objects in order, with our labels, each object once.

How the objects of one component come about is `layers`' part.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from stackctl.errors import ConfigError, RenderError
from stackctl.model.catalogue.component import (
    ContestedField,
    IgnoredField,
    Manifests,
    Mode,
    Place,
)
from stackctl.model.catalogue.envelope import LABEL, LABEL_HELP
from stackctl.model.catalogue.generated import stand_ins
from stackctl.model.catalogue.profile import Needs, Origin, Settings
from stackctl.model.compose.bind import active
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.compose.embedded import Codec, Formats, formats
from stackctl.model.compose.foreign_marks import left_out, replaced_managers
from stackctl.model.compose.layers import objects_of, smoke_of
from stackctl.model.compose.namespaces import moved
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.compose.restarts import restarting
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import (
    BUILTIN,
    NAMESPACE,
    SECRET,
    Scopes,
    builtin_group,
    defined,
    kind_of,
    ordered,
)
from stackctl.model.objects.normalise import normalised
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    CREDENTIALS_LABEL,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    Ref,
    is_protected,
    labelled,
)
from stackctl.model.objects.secret_data import texts_of
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness.accelerators import NVIDIA
from stackctl.model.resolve import graph
from stackctl.model.resolve.confidential import confidential
from stackctl.model.resolve.credentials import generated_for, given_to
from stackctl.model.resolve.selection import Chosen, Selection
from stackctl.model.shapes.suggest import did_you_mean

_NAMED = 3
_SECURITY = "pod-security.kubernetes.io/"
_LEVELS = ("restricted", "baseline", "privileged")
_LEFTOVER = re.compile(
    r"(?P<kind>\w+)(?:\.(?P<group>[^/]+))?/(?:(?P<namespace>[^/]+)/)?(?P<name>.+)"
)


@dataclass(slots=True)
class _Part:
    """A component on its way into the bundle."""

    chosen: Chosen
    objects: dict[Ref, Manifest]
    needs: set[str]


def compose(
    selection: Selection,
    manifests: Mapping[str, Manifests],
    stack: StackId,
    *,
    yaml: Codec,
    served: Scopes = MappingProxyType({}),
) -> Bundle:
    """Compose the bundle of a selection; `manifests` are those of its components by name.

    What a target says of kinds that nothing here defines may be given as `served`.

    Raises:
        ConfigError: the stack's name cannot be one.
        RenderError: layers that do not fit, or an object that two components bring.
    """
    if not re.fullmatch(LABEL, stack.name):
        raise ConfigError(f"a stack cannot be called {stack}: expected {LABEL_HELP}")
    if not re.fullmatch(LABEL, stack.namespace):
        what = f"the namespace of a record cannot be called {stack.namespace}"
        raise ConfigError(f"{what}: expected {LABEL_HELP}")
    if stack.is_smoke:
        raise ConfigError(f"a stack cannot be called {stack}: smoke tests are called so")
    scopes = {**served, **scopes_of(manifests.values())}
    edges = graph.edges(selection.components)
    known = formats(yaml)
    parts: list[_Part] = []
    faults: list[RenderError] = []
    for chosen in selection.components:
        name = chosen.component.name
        objects: Mapping[Ref, Manifest] = {}
        if chosen.mode is not Mode.EXTERNAL:
            try:
                made = objects_of(chosen, manifests[name], scopes, known, selection.settings)
                objects = made.items()
            except RenderError as error:
                faults.append(error)
        kept = {ref: manifest for ref, manifest in objects.items() if not _protected(ref)}
        parts.append(_Part(chosen, kept, set(edges[name])))
    _raise_together(faults)
    _share_namespaces(parts)
    _wait_for_kinds(parts)
    _reject_duplicates(parts)
    problems = [each for part in parts for each in _misdirected(part, part.chosen.namespace)]
    if problems:
        raise RenderError.listing("these rules are about what is not there:", problems)
    notes = (
        *replaced_managers(each for part in parts for each in part.objects.values()),
        *left_out(each for part in parts for each in _written(part.chosen, manifests)),
        *_unread(each for name in manifests for each in manifests[name].unread),
    )
    return Bundle(
        profile=selection.profile,
        components=tuple(_sealed(part, manifests, stack, scopes, known) for part in parts),
        requires=_with_shares(selection),
        notes=notes,
    )


# Attributes that say as how many each GPU is offered, and into how many it is divided before; the
# latter where the plugin offers what it is divided into.
_SHARES, _DIVIDED, _OFFERED = (
    "gpu-device-plugin.shares",
    "mig.shares",
    "gpu-device-plugin.instances",
)


def _with_shares(selection: Selection) -> Needs:
    """Say what the cluster must have, GPUs as often as the stack's device plugin offers each."""
    needs = selection.requires
    if needs.gpu is None or needs.gpu.shares or needs.gpu.resource != NVIDIA:
        return needs
    attributes = {
        name: str(each.value)
        for part in selection.components
        for name, each in part.attributes.items()
    }
    names = (_SHARES, _DIVIDED) if _OFFERED in attributes else (_SHARES,)
    told = [attributes[name] for name in names if name in attributes]
    shares = math.prod(int(each) for each in told if each.isdigit())  # a layout may have no number
    return replace(needs, gpu=replace(needs.gpu, shares=shares)) if shares > 1 else needs


def _unread(files: Iterable[str]) -> Iterator[str]:
    if names := first_few([*files], _NAMED):
        yield f"not read, being neither YAML nor JSON: {names}"


def _written(chosen: Chosen, manifests: Mapping[str, Manifests]) -> Iterator[Manifest]:
    """Yield the objects of a component as its files have them."""
    if chosen.mode is not Mode.EXTERNAL:
        layers = manifests[chosen.component.name]
        yield from layers.base
        for name in chosen.component.spec.features:
            yield from layers.features.get(name, ()) if name in chosen.features else ()


def _raise_together(faults: Sequence[RenderError]) -> None:
    if faults:
        raise RenderError.together("the layers do not fit together:", faults)


def scopes_of(manifests: Iterable[Manifests]) -> Scopes:
    """Collect what the CRDs of all components say of their kinds."""
    found: dict[tuple[str, str], bool] = {}
    for each in manifests:
        for layer in (each.base, *each.features.values()):
            found |= defined(layer)
    return found


def _protected(ref: Ref) -> bool:
    """Tell the Namespace objects that are never ours."""
    return (ref.group, ref.kind) == NAMESPACE and is_protected(ref.name)


def _share_namespaces(parts: Sequence[_Part]) -> None:
    """Leave each Namespace to the first component that brings it; the others wait for that one."""
    owners: dict[Ref, _Part] = {}
    for part in parts:
        for ref in [ref for ref in part.objects if ref.kind == "Namespace"]:
            owner = owners.setdefault(ref, part)
            if owner is not part:
                owner.objects[ref] = _both(owner.objects[ref], part.objects.pop(ref))
                part.needs.add(owner.chosen.component.name)


def _wait_for_kinds(parts: Sequence[_Part]) -> None:
    """Let what came from a source wait for the components that define kinds it uses.

    Its author cannot know of which component of ours they are.
    """
    makers = {
        kind: part.chosen.component.name
        for part in parts
        for kind in defined(part.objects.values())
    }
    needs = {part.chosen.component.name: part.needs for part in parts}
    for part in parts:
        if part.chosen.source is None:
            continue
        name = part.chosen.component.name
        for maker in sorted({makers.get(kind_of(each), name) for each in part.objects.values()}):
            if name not in graph.reached([maker], lambda each: needs.get(each, ())):
                part.needs.add(maker)


def _both(first: Manifest, second: Manifest) -> Manifest:
    """Unite two Namespace objects: of two Pod security levels the laxer one holds."""
    labels = dict(second["metadata"].get("labels") or {})
    for key, value in (first["metadata"].get("labels") or {}).items():
        ranks = [_LEVELS.index(level) for level in (value, labels.get(key)) if level in _LEVELS]
        laxer = key.startswith(_SECURITY) and ranks
        labels[key] = _LEVELS[max(ranks)] if laxer else value
    return first | {"metadata": first["metadata"] | ({"labels": labels} if labels else {})}


def _reject_duplicates(parts: Iterable[_Part]) -> None:
    owners: dict[Ref, str] = {}
    for part in parts:
        name = part.chosen.component.name
        for ref in part.objects:
            if (other := owners.setdefault(ref, name)) != name:
                raise RenderError(
                    f"{ref} is part of both {other} and {name}",
                    hint=f"install one of them elsewhere: --set {name}.namespace=NAME",
                )


def _sealed(
    part: _Part,
    manifests: Mapping[str, Manifests],
    stack: StackId,
    scopes: Scopes,
    formats: Formats,
) -> BundleComponent:
    """Label and sort a component's objects, and say what the engine must know about them."""
    component, namespace = part.chosen.component, part.chosen.namespace
    spec, name = component.spec, component.name
    result = BundleComponent(
        name,
        spec.version,
        namespace,
        (),
        frozenset(part.needs),
        mode=part.chosen.mode,
        rules=spec.readyWhen,
    )
    if part.chosen.mode is Mode.EXTERNAL:
        return result
    own = defined(part.objects.values())
    labels = _labels(stack, name)
    ignored = _ignored(part, namespace)
    sent = Objects.of(
        namespace,
        {ref: _without(ref, each, ignored) for ref, each in part.objects.items()},
    )
    credentials, sent = _parted(sent)
    sent = restarting(sent, spec.restartOn, _secret_places(part), formats)
    return replace(
        result,
        objects=ordered((labelled(manifest, labels) for manifest in sent), own),
        probes=spec.ready,
        samples=_samples(part.chosen, manifests[name], scopes),
        ignored=ignored,
        contested=_contests(part, namespace),
        leftovers=tuple(leftover(text, namespace, scopes) for text in spec.leftovers),
        node_managers=spec.nodeManagers,
        secrets=tuple(_secrets(part, namespace)),
        signs=spec.detect,
        feature_signs=part.chosen.feature_signs,
        credentials=tuple(_as_credentials(each, stack, name) for each in credentials),
        generate=generated_for(part.chosen),
        migrates=tuple((rule.from_, rule.reason) for rule in spec.upgrades if rule.migrates),
        given=given_to(part.chosen),
    )


def smoke_bundle(
    chosen: Chosen,
    manifests: Manifests,
    stack: StackId,
    settings: Settings,
    *,
    yaml: Codec,
    scopes: Scopes,
) -> Bundle:
    """Compose what proves that a component works, as a stack of its own beside the real one.

    Raises:
        RenderError: a place is not there.
    """
    component = chosen.component
    made = smoke_of(chosen, manifests, scopes, formats(yaml), settings)
    labels = _labels(stack, component.name)
    part = BundleComponent(
        component.name,
        component.spec.version,
        chosen.namespace,
        objects=ordered((labelled(each, labels) for each in made), ()),
        rules=component.spec.readyWhen,
    )
    return Bundle(f"smoke/{component.name}", (part,))


def _labels(stack: StackId, component: str) -> dict[str, str]:
    return {MANAGED_BY: "stackctl", STACK_LABEL: stack.label, COMPONENT_LABEL: component}


def _parted(objects: Objects) -> tuple[list[Manifest], Objects]:
    """Part the Secrets that wait for values from what is applied as it is."""
    rest = Objects(objects.namespace)
    waiting = []
    for manifest in objects:
        if kind_of(manifest) == SECRET and _waits(manifest):
            waiting.append(manifest)
        else:
            rest.add(manifest)
    return waiting, rest


def _waits(secret: Manifest) -> bool:
    return any(map(stand_ins, texts_of(secret).values()))


def _as_credentials(secret: Manifest, stack: StackId, name: str) -> Manifest:
    """Say of a Secret whose generated values it holds; it is none of the stack's objects."""
    labels = {MANAGED_BY: "stackctl", CREDENTIALS_LABEL: stack.label, COMPONENT_LABEL: name}
    return labelled(secret, labels)


def _secrets(part: _Part, namespace: str) -> Iterator[tuple[Ref, Place]]:
    """Yield where secret settings stand in objects that are no Secrets."""
    there = _objects(part, namespace)
    for place in _secret_places(part):
        if there.has(place.object) and (ref := there.find(place.object)).kind != "Secret":
            yield ref, place


def _secret_places(part: _Part) -> list[Place]:
    """List the places of secret settings, with the features that are on."""
    return [
        place
        for name, parameter in part.chosen.component.spec.parameters.items()
        if confidential(name, parameter)
        for place in active(parameter.places, part.chosen.features)
    ]


def _without(own: Ref, manifest: Manifest, ignored: Iterable[tuple[Ref, str]]) -> Manifest:
    """Leave out what controllers fill: a field that is not sent is neither owned nor compared."""
    for ref, text in ignored:
        if ref == own and paths.exists(manifest, path := paths.parse(text)):
            manifest = paths.remove(manifest, path)
    return manifest


def _samples(chosen: Chosen, manifests: Manifests, scopes: Scopes) -> dict[str, Manifest]:
    """Collect what the `accepts` probes send, in the component's namespace."""
    old, new = chosen.component.spec.namespace, chosen.namespace
    return {
        probe.accepts: normalised(moved(sample, old, new), new, scopes)
        for probe in chosen.component.spec.ready
        for sample in manifests.files.get(probe.accepts, ())[:1]
    }


def _ignored(part: _Part, namespace: str) -> tuple[tuple[Ref, str], ...]:
    """Name the fields that are never owned, of the objects that are there."""
    there = _objects(part, namespace)
    own = (
        (there.find(each.object), each.path)
        for each in part.chosen.component.spec.ignore
        if there.has(each.object)  # what is not there belongs to a feature that is off
    )
    said = ((there.find(each.object), each.path) for _, each in part.chosen.ignore)
    return (*own, *said)


def absence(manifest: Manifest, text: str) -> str:
    """Say what of a path is not in an object, and what is there instead; nothing if it is there."""
    path = paths.parse(text)
    for end in range(1, len(path) + 1):
        if not paths.exists(manifest, path[:end]):
            around = paths.get(manifest, path[: end - 1])
            known = around if isinstance(around, dict) else ()
            return (
                f"there is no {paths.show(path[:end])}{did_you_mean(str(path[end - 1]), known)}: "
                "a field that is not set is not owned anyway"
            )
    return ""


def _contests(part: _Part, namespace: str) -> tuple[Contest, ...]:
    """Collect who keeps contested fields: what users say counts before what the component says."""
    there = _objects(part, namespace)
    own = Origin(part.chosen.component.file)
    rules = list(part.chosen.contested)
    rules += [
        (own, each)
        for each in part.chosen.component.spec.contested
        if not each.object or there.has(each.object)
    ]
    return tuple(
        Contest(
            each.verdict,
            each.manager,
            there.find(each.object) if each.object else None,
            each.path,
        )
        for _, each in rules
    )


def _objects(part: _Part, namespace: str) -> Objects:
    return Objects.of(namespace, part.objects)


def _misdirected(part: _Part, namespace: str) -> Iterator[str]:
    """Yield which rules of a profile or a stack file are about what is not there."""
    there = _objects(part, namespace)
    rules: list[tuple[Origin, IgnoredField | ContestedField]] = [*part.chosen.ignore]
    for origin, each in [*rules, *part.chosen.contested]:
        try:
            manifest = there[there.find(each.object)] if each.object else None
            paths.parse(each.path or "spec")
        except (NoSuchObject, paths.PathError) as error:
            yield f"{origin}: {error}"
            continue
        if isinstance(each, IgnoredField) and manifest and (fault := absence(manifest, each.path)):
            yield f"{origin}: {each.object}: {fault}"


def leftover(text: str, namespace: str, scopes: Scopes) -> Ref:
    """Read `Kind[.group]/[namespace/]name`.

    Raises:
        RenderError: it is none, or its group is not known.
    """
    match = _LEFTOVER.fullmatch(text)
    if match is None:
        raise RenderError(f"{text}: expected Kind/name or Kind/namespace/name")
    kind = match["kind"]
    group = match["group"] if match["group"] is not None else builtin_group(kind)
    if group is None:
        group = next((each for each, name in scopes if name == kind), None)
    if group is None:
        raise RenderError(f"{text}: of which API group? write {kind}.GROUP/{match['name']}")
    namespaced = BUILTIN.get((group, kind), scopes.get((group, kind), True))
    return Ref(group, kind, (match["namespace"] or namespace) if namespaced else "", match["name"])
