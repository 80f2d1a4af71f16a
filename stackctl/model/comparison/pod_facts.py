"""What Pods say: which images run, with which flags, environment, ports, probes and privileges.

A container is known by its image's name, for what it is called differs from author to author.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stackctl.model.catalogue.parameters import text_of
from stackctl.model.comparison.facts import Aspect, Fact, Facts, fields, leaves, notes
from stackctl.model.objects import paths
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest

_APART = frozenset({"containers", "initContainers", "volumes", "securityContext"})
_PROBES = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}
_HUBS = ("docker.io/library/", "index.docker.io/", "docker.io/")


def pod_facts(manifest: Manifest) -> Facts:
    """Return what a workload says of its Pods."""
    path = template_path(manifest)
    if path is None:
        return {}
    template = paths.get(manifest, path, {})
    spec = template.get("spec") or {}
    found = fields({key: each for key, each in spec.items() if key not in _APART}, "pod")
    found |= notes(template, "annotation of Pods") if path else {}
    for title, container in _titled(spec):
        found |= dict(_of_container(title, container, spec))
    return found


def image(reference: str) -> str:
    """Write a reference in one way: without digest where there is a tag, hubs left out."""
    for hub in _HUBS:
        reference = reference.removeprefix(hub)
    whole, _, digest = reference.partition("@")
    return whole if ":" in whole.rpartition("/")[2] or not digest else reference


def _titled(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, before in (("initContainers", "before: "), ("containers", "")):
        found = [each for each in spec.get(key) or () if isinstance(each, dict)]
        names = [_program(each) for each in found]
        often = Counter(names)
        for name, each in zip(names, found, strict=True):
            yield before + (f"{name}/{each.get('name')}" if often[name] > 1 else name), each


def _program(container: Mapping[str, Any]) -> str:
    reference = image(str(container.get("image") or container.get("name") or ""))
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _of_container(
    title: str, container: Mapping[str, Any], spec: Mapping[str, Any]
) -> Iterator[tuple[Fact, str]]:
    yield Fact(Aspect.IMAGE, title), image(str(container.get("image") or ""))
    named = {each.get("name"): each.get("containerPort") for each in container.get("ports") or ()}
    parts = (
        (Aspect.FLAG, _flags(container)),
        (Aspect.ENVIRONMENT, _environment(container)),
        (Aspect.PORT, _ports(container)),
        (Aspect.PROBE, _probes(container, named)),
        (Aspect.RESOURCES, leaves(container.get("resources") or {}, "")),
        (Aspect.SECURITY, _security(container, spec)),
        (Aspect.VOLUME, _mounts(container, spec)),
    )
    for aspect, found in parts:
        for what, text in found:
            yield Fact(aspect, f"{title}: {what}"), text
    if program := container.get("command"):
        yield Fact(Aspect.COMMAND, title), " ".join(map(str, program[:1]))


# flags


def _flags(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield flags with their values, as programs read them: `--a=b`, `--a b`, and `--a` is true."""
    words = [str(each) for each in (container.get("command") or ())[1:]]
    words += [str(each) for each in container.get("args") or ()]
    flags: dict[str, list[str]] = {}
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word.strip("-") == "":
            rest.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            follows = bool(words) and not words[0].startswith("-")
            value = words.pop(0) if follows else "true"
        flags.setdefault(name, []).append(value)
    yield from ((f"--{name}", ", ".join(sorted(each))) for name, each in flags.items())
    if rest:
        yield "arguments", " ".join(rest)


# environment


def _environment(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in container.get("env") or ():
        source = each.get("valueFrom")
        yield str(each.get("name")), _source(source) if source else str(each.get("value") or "")
    for each in container.get("envFrom") or ():
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if key in each:
                yield f"all of {kind}/{each[key].get('name')}", "set"


def _source(source: Mapping[str, Any]) -> str:
    kinds = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
    for key, found in source.items():
        if key in kinds:
            return f"{kinds[key]}/{found.get('name')}: {found.get('key')}"
        if key == "fieldRef":
            return f"the Pod's {found.get('fieldPath')}"
    return text_of(source)


# ports and probes


def _ports(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in container.get("ports") or ():
        on_host = f", on the host {each['hostPort']}" if each.get("hostPort") else ""
        number = f"{each.get('containerPort')}/{each.get('protocol') or 'TCP'}"
        yield number, f"called {each.get('name') or 'nothing'}{on_host}"


def _probes(container: Mapping[str, Any], named: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, title in _PROBES.items():
        if isinstance(probe := container.get(key), dict):
            yield title, _probe(probe, named)


def _probe(probe: Mapping[str, Any], named: Mapping[Any, Any]) -> str:
    words = []
    for key, found in probe.items():
        if not isinstance(found, dict):
            continue
        port = named.get(found.get("port"), found.get("port"))
        if key == "httpGet":
            scheme = str(found.get("scheme") or "HTTP").lower()
            words.append(f"{scheme} :{port}{found.get('path') or '/'}")
        elif key == "exec":
            words.append(" ".join(map(str, found.get("command") or ())))
        else:
            words.append(f"{key} :{port}")
    for key, name, default in (
        ("initialDelaySeconds", "after", 0),
        ("periodSeconds", "every", 10),
        ("timeoutSeconds", "within", 1),
    ):
        words.append(f"{name} {probe.get(key) or default}s")
    words.append(f"{probe.get('failureThreshold') or 3} failures")
    return ", ".join(words)


# what a process may do, and what it sees


def _security(container: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    pod, own = spec.get("securityContext") or {}, container.get("securityContext") or {}
    for path, text in leaves({**pod, **own}, ""):
        if text != "false" or path == "allowPrivilegeEscalation":
            yield path, text


def _mounts(container: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    volumes = {each.get("name"): each for each in spec.get("volumes") or ()}
    for each in container.get("volumeMounts") or ():
        volume = volumes.get(each.get("name")) or {"claimOfEach": {}}
        part = f", {each['subPath']} of it" if each.get("subPath") else ""
        yield str(each.get("mountPath")), f"{_volume(volume)}{part}"


def _volume(volume: Mapping[str, Any]) -> str:
    names = {
        "configMap": ("ConfigMap", "name"),
        "secret": ("Secret", "secretName"),
        "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
        "hostPath": ("the host's", "path"),
    }
    for kind, found in volume.items():
        if kind in names:
            title, key = names[kind]
            return f"{title} {(found or {}).get(key)}"
    return " ".join(_others(volume.keys() - {"name"}))


def _others(kinds: Iterable[str]) -> list[str]:
    return sorted(kinds)
