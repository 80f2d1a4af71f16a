"""What can be set of objects, read from what they say: parameters with places, and images.

Each parameter's default is what is there, so that nothing changes until somebody sets one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.catalogue.component import Image, Parameter, ParameterType, Place
from stackctl.model.catalogue.parameters import NAMESPACE, checked
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import kind_of, namespaces_in
from stackctl.model.objects.paths import Match, Path
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.privileges.rights import maps, part
from stackctl.model.shapes.pod_specs import containers, images_in

_AMOUNTS = (("requests", "Request", "set aside"), ("limits", "Limit", "at most"))
_SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
_MOST_PORT = 65535
FIRST_VERSION = "0.1.0"  # of what tells none


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A parameter with the names that it could have, the shortest first."""

    names: tuple[str, ...]
    parameter: Parameter


def proposed_parameters(objects: Objects) -> dict[str, Parameter]:
    """Propose parameters, each under the shortest name that no other one has."""
    found = [each for manifest in objects for each in _of_object(manifest, objects)]
    names = _named([each.names for each in found])
    return {name: each.parameter for name, each in zip(names, found, strict=True)}


def proposed_images(objects: Objects) -> tuple[Image, ...]:
    """List the images that objects name."""
    return tuple(map(_image, dict.fromkeys(image for _, image in images_in(objects))))


def _image(reference: str) -> Image:
    name, _, digest = reference.partition("@")
    at = name.rfind(":")
    tagged = at > name.rfind("/")
    return Image(name[:at] if tagged else name, name[at + 1 :] if tagged else "", digest)


def _named(choices: Sequence[tuple[str, ...]]) -> list[str]:
    """Choose a name for each; all that want the same take the next one, at last with a number."""
    levels = [0] * len(choices)
    while True:
        names = [each[level] for each, level in zip(choices, levels, strict=True)]
        counts = Counter(names)
        longer = [
            index
            for index, name in enumerate(names)
            if (counts[name] > 1 or name == NAMESPACE) and levels[index] + 1 < len(choices[index])
        ]
        if not longer:
            return _numbered(names)
        for index in longer:
            levels[index] += 1


def _numbered(names: Sequence[str]) -> list[str]:
    taken: Counter[str] = Counter()
    found = []
    for name in names:
        taken[name] += 1
        found.append(name if taken[name] == 1 else f"{name}{taken[name]}")
    return found


def _of_object(manifest: Manifest, objects: Objects) -> Iterator[_Proposal]:
    ref = ref_of(manifest)
    name = _place_name(ref, objects)
    if not name:
        return
    yield from _replicas(manifest, name, objects)
    yield from _resources(manifest, name)
    if ref.kind == "Service" and not ref.group:
        yield from _service(manifest, name)
    if kind_of(manifest) == ("networking.k8s.io", "Ingress"):
        yield from _hosts(manifest, name)
    if kind_of(manifest) == ("", "PersistentVolumeClaim"):
        at: Path = ("spec", "resources", "requests", "storage")
        yield from _amount(manifest, name, at, ("storage",), "Storage that is claimed")


def _place_name(ref: Ref, objects: Objects) -> str:
    """Return how component.yaml names an object; nothing where no name means it alone."""
    for text in (
        f"{ref.kind}/{ref.name}",
        f"{ref.kind}/{ref.namespace}/{ref.name}",
        f"{ref.kind}.{ref.group}/{ref.namespace}/{ref.name}",
    ):
        try:
            if objects.find(text) == ref:
                return text
        except NoSuchObject:
            continue
    return ""


def _replicas(manifest: Manifest, name: str, objects: Objects) -> Iterator[_Proposal]:
    count = part(manifest, "spec").get("replicas")
    ref = ref_of(manifest)
    if template_path(manifest) is None or type(count) is not int or _is_scaled(ref, objects):
        return
    parameter = Parameter(
        ParameterType.INTEGER,
        f"Pods of {ref.name}",
        default=count,
        minimum=0,
        places=(Place(name, path="spec.replicas"),),
    )
    yield _Proposal(_names("replicas", ref), parameter)


def _is_scaled(ref: Ref, objects: Objects) -> bool:
    """Tell whether an autoscaler says how many Pods there are."""
    targets = (
        part(part(each, "spec"), "scaleTargetRef")
        for each in objects
        if each["kind"] == "HorizontalPodAutoscaler"
    )
    return any(t.get("kind") == ref.kind and t.get("name") == ref.name for t in targets)


def _resources(manifest: Manifest, name: str) -> Iterator[_Proposal]:
    """Propose what containers that go on running ask for."""
    ref = ref_of(manifest)
    if template_path(manifest) is None:
        return
    for path, container in containers(manifest):
        if "initContainers" in path:
            continue
        own = container["name"]
        at = (*path[:-1], Match("name", own), "resources")
        for kind in ("cpu", "memory"):
            for key, suffix, what in _AMOUNTS:
                text = f"{'CPU' if kind == 'cpu' else 'Memory'} of {own}, {what}"
                names = _names(f"{kind}{suffix}", ref, own)
                yield from _amount(manifest, name, (*at, key, kind), names, text)


def _amount(
    manifest: Manifest, name: str, at: Path, names: tuple[str, ...], text: str
) -> Iterator[_Proposal]:
    amount = paths.get(manifest, at, None)
    if not isinstance(amount, str):
        return
    place = Place(name, path=paths.show(at))
    parameter = Parameter(ParameterType.QUANTITY, text, default=amount, places=(place,))
    if names == ("storage",):
        names = _names("storage", ref_of(manifest))
    yield _Proposal(names, parameter)


def _service(manifest: Manifest, name: str) -> Iterator[_Proposal]:
    ref, spec = ref_of(manifest), part(manifest, "spec")
    kind = spec.get("type")
    if kind in _SERVICE_TYPES:
        parameter = Parameter(
            ParameterType.STRING,
            f"How the Service {ref.name} is reached",
            default=kind,
            enum=_SERVICE_TYPES,
            places=(Place(name, path="spec.type"),),
        )
        yield _Proposal(_names("serviceType", ref), parameter)
    ports = maps(spec.get("ports"))
    for index, port in enumerate(ports):
        step = Match("name", port["name"]) if all(p.get("name") for p in ports) else index
        # A port that names no target would take the Pods' port along.
        for key in ("port", "nodePort") if port.get("targetPort") else ("nodePort",):
            if type(port.get(key)) is int:
                called = port.get("name") or ref.name
                place = Place(name, path=paths.show(("spec", "ports", step, key)))
                parameter = Parameter(
                    ParameterType.INTEGER,
                    f"{'Port' if key == 'port' else 'Port of nodes'} that leads to {called}",
                    default=port[key],
                    minimum=1,
                    maximum=_MOST_PORT,
                    places=(place,),
                )
                yield _Proposal(_names(key, ref, port.get("name") or ""), parameter)


def _hosts(manifest: Manifest, name: str) -> Iterator[_Proposal]:
    """Propose each host name of an Ingress, wherever that is in it."""
    ref, spec = ref_of(manifest), part(manifest, "spec")
    found: dict[str, list[Path]] = {}
    for index, rule in enumerate(maps(spec.get("rules"))):
        if host := rule.get("host"):
            found.setdefault(host, []).append(("spec", "rules", index, "host"))
    for index, entry in enumerate(maps(spec.get("tls"))):
        for number, host in enumerate(entry.get("hosts") or ()):
            if host in found:
                found[host].append(("spec", "tls", index, "hosts", number))
    for host, at in found.items():
        parameter = Parameter(
            ParameterType.STRING,
            f"Host name that leads to {ref.name}",
            default=host,
            places=tuple(Place(name, path=paths.show(path)) for path in at),
        )
        yield _Proposal(_names("host", ref), parameter)


def _names(what: str, ref: Ref, inner: str = "") -> tuple[str, ...]:
    """Return names for a parameter: replicas, webReplicas, webDeploymentReplicas."""
    longer = [[inner]] if inner and inner != ref.name else []
    longer += [[ref.name], [ref.name, *([inner] if inner else [])]]
    longer += [[ref.name, ref.kind, *([inner] if inner else [])]]
    first, *_ = longer
    ordered = [first, *(each for each in longer[1:] if each != first)]
    return (what, *(_camel([*words, what]) for words in ordered))


def _camel(words: Sequence[str]) -> str:
    """Write words as one: spark-operator, replicas → sparkOperatorReplicas."""
    parts = [each for word in words for each in re.split(r"[^A-Za-z0-9]+", word) if each]
    first, *rest = parts
    return "".join([first[:1].lower() + first[1:], *(each[:1].upper() + each[1:] for each in rest)])


def fitting(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Leave out what could not even take the value that is there."""
    return {name: each for name, each in parameters.items() if _takes_its_default(each)}


def _takes_its_default(parameter: Parameter) -> bool:
    try:
        checked(parameter, parameter.default)
    except ValueError:
        return False
    return True


def version_of(objects: Objects, images: Sequence[Image]) -> str:
    """Say which version of a program this is: its label, or the tag of its first image."""
    labels = (part(each["metadata"], "labels").get("app.kubernetes.io/version") for each in objects)
    tags = (image.tag for image in images)
    return next((str(text).removeprefix("v") for text in (*labels, *tags) if text), FIRST_VERSION)


def namespace_of(manifests: Sequence[Any], name: str) -> str:
    """Choose the namespace of a component: the one that most of its objects are in."""
    made = Counter(namespaces_in(manifests))
    used = Counter(m["metadata"]["namespace"] for m in manifests if m["metadata"].get("namespace"))
    counts = used or made
    return counts.most_common(1)[0][0] if counts else name
