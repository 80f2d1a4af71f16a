"""Whether an answer has the shape of what was asked for, so that all after may rely on it.

What answers otherwise is no API server: a portal, a proxy, another program on its port. Refusals
are `refusals`' part.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stackctl.errors import Unreachable
from stackctl.model.objects.kinds import GroupKind
from stackctl.model.objects.refs import group_of
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.live_shapes import live_problems
from stackctl.model.shapes.shapes import FLAG, TEXT, TEXTS, WHOLE, Shape, misshapen

Look = Callable[[Any], list[Problem]]  # what is wrong with a document

_LIST: Shape = {
    "apiVersion!": TEXT,
    "kind!": TEXT,
    "metadata!": {"resourceVersion!": TEXT, "continue": TEXT},
    "items": [{}],
}
_AGGREGATED: Shape = {
    "items": [
        {
            "metadata!": {"name": TEXT},
            "versions!": [
                {
                    "version!": TEXT,
                    "freshness": TEXT,
                    "resources": [
                        {
                            "resource!": TEXT,
                            "scope!": TEXT,
                            "responseKind": {"kind": TEXT},
                            "verbs": TEXTS,
                            "subresources": [{"subresource!": TEXT}],
                        }
                    ],
                }
            ],
        }
    ]
}
_VERSIONS: Shape = {
    "versions": TEXTS,
    "groups": [
        {
            "versions!": [{"groupVersion!": TEXT}],
            "preferredVersion": {"groupVersion": TEXT},
        }
    ],
}
_RESOURCES: Shape = {
    "groupVersion!": TEXT,
    "resources": [{"name!": TEXT, "kind!": TEXT, "namespaced!": FLAG, "verbs": TEXTS}],
}
_EVENT: Shape = {"type!": TEXT, "object!": {"metadata": {"resourceVersion": TEXT}}}
_VERSION: Shape = {"gitVersion": TEXT}
_KIND: Shape = {"apiVersion!": TEXT, "kind!": TEXT}
_CREATED: Shape = {"metadata!": {"name": TEXT, "resourceVersion": TEXT}}
_OUTCOME: Shape = {"metadata": {"deletionTimestamp": TEXT, "uid": TEXT}}
_TOLD_ERROR: Shape = {"message": TEXT, "reason": TEXT, "code": WHOLE}
_BOOKMARK: Shape = {"metadata!": {"resourceVersion!": TEXT}}


def is_aggregated(document: Any) -> bool:
    """Tell what says in one answer all that is served, since Kubernetes 1.27."""
    return isinstance(document, Mapping) and document.get("kind") == "APIGroupDiscoveryList"


def served(document: Any) -> list[Problem]:
    """Look at what is served, in either form."""
    return misshapen(document, _AGGREGATED if is_aggregated(document) else _VERSIONS)


def resources_of_version(document: Any) -> list[Problem]:
    """Look at the kinds of one group version."""
    return misshapen(document, _RESOURCES)


def version(document: Any) -> list[Problem]:
    """Look at which version the server is."""
    return misshapen(document, _VERSION)


def an_object(document: Any) -> list[Problem]:
    """Look at one object, or at its metadata."""
    if problems := misshapen(document, _KIND):
        return problems
    return live_problems(document, _kind_in(document))


def at(path: str) -> Look:
    """Choose how to look at what is read from a path: outside of the APIs there are no objects."""
    return an_object if path.startswith(("/api/", "/apis/")) else version


def created(document: Any) -> list[Problem]:
    """Look at what was created; what is only reviewed (who am I, may I) has no name."""
    return misshapen(document, _CREATED)


def outcome(document: Any) -> list[Problem]:
    """Look at what a deletion is answered with: the object while it lasts, or a Status."""
    return misshapen(document, _OUTCOME)


def a_list(document: Any) -> list[Problem]:
    """Look at a page of a list and at every object in it."""
    if problems := misshapen(document, _LIST):
        return problems
    kind = _kind_in(document, "List")
    return [
        Problem(("items", index, *problem.at), problem.what)
        for index, item in enumerate(document.get("items") or ())
        for problem in live_problems(item, kind)
    ]


def an_event(document: Any) -> list[Problem]:
    """Look at a line of a watch."""
    if problems := misshapen(document, _EVENT):
        return problems
    told = document["object"]
    if document["type"] == "ERROR":  # a Status, which has no version
        return misshapen(told, _TOLD_ERROR)
    if document["type"] == "BOOKMARK":
        return misshapen(told, _BOOKMARK)
    return [Problem(("object", *each.at), each.what) for each in an_object(told)]


def require(document: Any, look: Look, server: str, request: str) -> None:
    """Refuse an answer of another shape.

    Raises:
        Unreachable: it has one.
    """
    if problems := look(document):
        raise Unreachable(
            f"{server}: what answers to {request} is not an API server: {problems[0]}",
            hint="check the address and the proxy of the context",
        )


def _kind_in(document: Any, suffix: str = "") -> GroupKind | None:
    """Name the kind of a whole object; None where it is metadata alone, or none at all."""
    if not isinstance(document, Mapping):
        return None
    kind, version = document.get("kind"), document.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str):
        return None
    return group_of(document), kind.removesuffix(suffix)
