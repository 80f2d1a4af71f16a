"""What an object says, fact by fact, as far as it means something to a cluster.

Names and labels that only tie objects together are no facts, nor is what the API server would fill
in anyway. What Pods say is `pod_facts`' part, what definitions say `schema_facts`', who may do what
`rights_facts`'.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stackctl.model.catalogue.parameters import text_of
from stackctl.model.objects.refs import Manifest, annotations_of


class Aspect(StrEnum):
    """What a fact is about."""

    IMAGE = "image"
    COMMAND = "command"
    FLAG = "flag"
    ENVIRONMENT = "environment"
    PORT = "port"
    PROBE = "probe"
    RESOURCES = "resources"
    SECURITY = "security"
    VOLUME = "volume"
    RIGHT = "right"
    WEBHOOK = "webhook"
    SCHEMA = "schema"
    CONTENT = "content"  # of ConfigMaps and Secrets
    FIELD = "field"


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """What is said, apart from what it is said to be."""

    aspect: Aspect
    what: str


Facts = dict[Fact, str]


@dataclass(frozen=True, slots=True)
class ComparedUnit:
    """What is compared as one: an object, a webhook, a subject with its rights."""

    sort: str  # only units of one sort are compared
    title: str  # Deployment/ml/spark-operator-controller
    name: str
    facts: Mapping[Fact, str]
    secret: bool = False  # the contents are not to be shown
    space: str = field(default="", compare=False)

    @property
    def kind(self) -> str:
        """What it is, as its title says."""
        return self.title.partition("/")[0]


# Annotations that programs act on; others are notes.
_TELLING = ("prometheus.io/", "cert-manager.io/", "service.beta.kubernetes.io/")
# What says which objects belong together: these are matched, not compared.
_TIES = frozenset({"selector", "matchLabels", "matchExpressions", "podSelector", "labelSelector"})
# What holds where nothing is said.
_DEFAULTS = {
    "spec.replicas": "1",
    "spec.type": "ClusterIP",
    "spec.sessionAffinity": "None",
    "spec.revisionHistoryLimit": "10",
    "spec.progressDeadlineSeconds": "600",
    "spec.ipFamilyPolicy": "SingleStack",
    "spec.internalTrafficPolicy": "Cluster",
    "spec.podManagementPolicy": "OrderedReady",
    "spec.strategy.type": "RollingUpdate",
    "spec.updateStrategy.type": "RollingUpdate",
    "spec.conversion.strategy": "None",
    "pod.restartPolicy": "Always",
    "pod.dnsPolicy": "ClusterFirst",
    "pod.schedulerName": "default-scheduler",
    "pod.terminationGracePeriodSeconds": "30",
    "pod.automountServiceAccountToken": "true",
    "pod.enableServiceLinks": "true",
    "pod.hostNetwork": "false",
    "pod.hostPID": "false",
    "pod.hostIPC": "false",
    "automountServiceAccountToken": "true",
}


def leaves(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Yield what stands at the ends of a document, with the way there."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _TIES:
                yield from leaves(item, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for index, item in enumerate(value):
            yield from leaves(item, f"{at}[{_named(item, index)}]")
    elif value not in (None, "", [], {}):
        yield at, text_of(value)


def fields(value: Any, at: str) -> Facts:
    """Return the ends of a document as facts, those left out that hold anyway."""
    return {
        Fact(Aspect.FIELD, path): text
        for path, text in leaves(value, at)
        if _DEFAULTS.get(path) != text
    }


def notes(manifest: Manifest, at: str = "annotation") -> Facts:
    """Return the annotations that programs act on."""
    return {
        Fact(Aspect.FIELD, f"{at} {key}"): str(text)
        for key, text in annotations_of(manifest).items()
        if key.startswith(_TELLING)
    }


def _named(item: Any, index: int) -> str:
    name = item.get("name") if isinstance(item, Mapping) else None
    return str(name if name is not None else index)
