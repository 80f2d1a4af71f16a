"""Which fields of other people's objects controllers are known to write, and who speaks for whom.

A controller is known by its field manager, the subresource it writes through and the field: the
same program may hold other fields of the same object for no good reason. Nothing is decided here
about fields of anybody else.
"""

import re
from dataclasses import dataclass

_AUTOSCALERS = r"horizontal-pod-autoscaler|keda(-.*)?|cluster-proportional-autoscaler"
_CERTIFIERS = r"cert-manager(-.*)?|cainjector|cert-controller|sandbox-agent"
_POD_RESOURCES = r"(\..+)?\.spec\.(initContainers|containers)\[.*\]\.resources(\..*)?"
# Deployers that put their own values back again and again, by the name they are known by.
_DEPLOYERS = {
    r"argocd.*|argo-cd.*": "Argo CD",
    r"kustomize-controller|helm-controller|flux.*|gotk.*": "Flux",
    r"fleet.*": "Fleet",
    r"kapp.*|kapp-controller": "kapp",
}


@dataclass(frozen=True, slots=True)
class _Duty:
    """Fields that a controller is there to write; each a pattern for the whole text."""

    managers: str
    fields: str  # as the API server names them
    kinds: str = ".*"
    subresources: str = ".*"

    def covers(self, kind: str, field: str, manager: str, subresource: str) -> bool:
        return all(
            re.fullmatch(pattern, text) is not None
            for pattern, text in (
                (self.managers, manager),
                (self.fields, field),
                (self.kinds, kind),
                (self.subresources, subresource),
            )
        )


_DUTIES = (
    _Duty(_AUTOSCALERS, r"\.spec\.replicas"),
    # The autoscaler that comes with Kubernetes goes by the name of the program that it is part of.
    _Duty("kube-controller-manager", r"\.spec\.replicas", subresources="scale"),
    _Duty(r"vpa-.*|vertical-pod-autoscaler.*", _POD_RESOURCES),
    _Duty(_CERTIFIERS, r"\.(data|type|metadata)(\..*)?", "Secret"),
    _Duty(
        "kube-controller-manager",
        r"\.spec\.(volumeName|storageClassName)|\.metadata\.annotations\..*",
        "PersistentVolumeClaim",
    ),
    _Duty(r".*autoresizer", r"\.spec\.resources\.requests(\.storage)?", "PersistentVolumeClaim"),
    _Duty("kube-controller-manager", r"\.spec\.claimRef(\..*)?", "PersistentVolume"),
    _Duty(r"clusterrole-aggregation-controller|kube-controller-manager", r"\.rules", "ClusterRole"),
    _Duty("kube-controller-manager", r"\.(secrets|imagePullSecrets)(\[.*)?", "ServiceAccount"),
    _Duty("kube-controller-manager", r"\.spec\.finalizers(\[.*)?", "Namespace"),
    _Duty("kube-scheduler", r"\.spec\.nodeName", "Pod"),
    _Duty(r"kueue(-.*)?", r"\.spec\.suspend"),
)
# Whoever it is that writes there: nobody but an injector of certificates has a reason to.
_INJECTED = re.compile(r"\..*\.caBundle")


def keeps(kind: str, field: str, manager: str, subresource: str = "") -> bool:
    """Tell whether a field is one that its manager is known to look after."""
    if _INJECTED.fullmatch(field) and not deployer(manager):
        return True
    return any(each.covers(kind, field, manager, subresource) for each in _DUTIES)


def deployer(manager: str) -> str:
    """Name the program that a field manager belongs to; empty where it is none of those known."""
    names = (name for pattern, name in _DEPLOYERS.items() if re.fullmatch(pattern, manager))
    return next(names, "")


def titled(manager: str) -> str:
    """Write a field manager so that people know it: `argocd-controller (Argo CD)`."""
    name = deployer(manager)
    return f"{manager} ({name})" if name else manager
