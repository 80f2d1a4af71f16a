"""The component.yaml of a component whose objects a chart makes, or a folder of kustomize."""

from collections.abc import Callable, Iterator, Mapping
from textwrap import indent
from typing import Any

from stackctl.model.catalogue.component import Parameter, ParameterType, Place
from stackctl.model.catalogue.envelope import API_VERSION
from stackctl.model.objects import paths
from stackctl.model.scaffold.proposals import FIRST_VERSION
from stackctl.model.shapes.decode import encoded

_HEAD = """\
# What {name} is, and what can be set of it. Yours to edit; what its objects come from stays where
# it is.
#   stackctl component lint {name}   what is wrong with it, or will be regretted
#   stackctl schema component{pad}   everything that can be said here, for editors
apiVersion: {version}
kind: Component
metadata:
  name: {text}
  description: What it is for, in one line
spec:
"""
_VERSION = """\
# Of what it comes from, and to be changed with that: a release records it, and an upgrade tells
# when it changes.
"""
_SOURCE = """\
# What makes the objects; a path starts from this file. What lies in base/ and features/ beside this
# file is laid over what comes of it.
"""
_VALUES = """\
# The chart's own values hold where nothing else is said: here, under `values` in a profile or a
# stack file, or by a parameter.
#     values: {ingress: {enabled: false}}
"""
_PARAMETERS = """\
# What can be set. `values` names a value of the chart; a place may also be in an object that comes
# of it: {object: Deployment/NAME, path: spec.replicas}. These are proposals.
"""
_NO_PARAMETERS = """\
# What can be set: a parameter's value is written to its places.
# parameters:
#   replicas:
#     type: integer
#     default: 1
#     description: Pods that answer
#     places:
#     - {object: Deployment/NAME, path: spec.replicas}
"""
_ORDER = """\
# What has to be there before it (stackctl components -o wide lists what others provide), and what
# others may count on.
# requires: [cert-issuer]
"""
_REPLICAS = ("replicaCount", "replicas")
_PORTS = ("port", "servicePort")
_MOST_PORT = 65535

Dump = Callable[[Any], str]


def of_chart(name: str, path: str, version: str, values: Mapping[str, Any], dump: Dump) -> str:
    """Write a component.yaml of a chart, with the parameters that its values suggest."""
    source = _SOURCE + dump({"source": {"chart": {"path": path}}}) + _VALUES
    found = dict(_proposed(values))
    parts = [_head(version, name, dump), source, _ORDER]
    if found:
        parts += [
            _PARAMETERS,
            dump({"parameters": {key: encoded(each) for key, each in found.items()}}),
        ]
    else:
        parts.append(_NO_PARAMETERS)
    return _with_title(name, parts, dump)


def of_kustomize(name: str, path: str, dump: Dump) -> str:
    """Write a component.yaml of a folder of kustomize."""
    source = _SOURCE + dump({"source": {"kustomize": path}})
    return _with_title(name, [_head("", name, dump), source, _ORDER, _NO_PARAMETERS], dump)


def _head(version: str, name: str, dump: Dump) -> str:
    return _VERSION + dump({"version": version or FIRST_VERSION}) + dump({"namespace": name})


def _with_title(name: str, parts: list[str], dump: Dump) -> str:
    text = dump([name]).removeprefix("- ").rstrip("\n")
    head = _HEAD.format(name=name, text=text, version=API_VERSION, pad=" " * (len(name) - 1))
    return head + indent("".join(parts), "  ")


def _proposed(values: Mapping[str, Any]) -> Iterator[tuple[str, Parameter]]:
    """Yield what people change of most charts: how many Pods, and the port they are called at."""
    places: list[tuple[tuple[str, ...], Any]] = [((key,), value) for key, value in values.items()]
    places += [
        ((key, inner), item)
        for key, value in values.items()
        if isinstance(value, Mapping)
        for inner, item in value.items()
    ]
    for at, value in places:
        if isinstance(value, int) and not isinstance(value, bool):
            if at[-1] in _REPLICAS and value >= 0:
                yield _named(at, "replicas"), _parameter(at, value, "Pods that answer", 0, None)
            elif at[-1] in _PORTS and 0 < value <= _MOST_PORT:
                text = "Port that it is called at"
                yield _named(at, "port"), _parameter(at, value, text, 1, _MOST_PORT)


def _named(at: tuple[str, ...], what: str) -> str:
    """Name a parameter by what it is of, so that no two are called alike."""
    owner = "".join(part for part in at[0] if part.isalnum()) if len(at) > 1 else ""
    return f"{owner[:1].lower()}{owner[1:]}{what.capitalize()}" if owner else what


def _parameter(
    at: tuple[str, ...], default: int, text: str, least: int, most: int | None
) -> Parameter:
    place = Place(values=paths.show(at))
    return Parameter(
        type=ParameterType.INTEGER,
        default=default,
        minimum=least,
        maximum=most,
        description=text,
        places=(place,),
    )
