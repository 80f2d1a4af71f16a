"""Who owns an object and its fields, read from labels, annotations and managedFields.

Nothing in here changes an object. What a conflict usually leads to is decided by `verdict`, with
what is known in `controllers`; what users say about it is for `conflict_policy`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stackctl.model.objects.merge import overlay
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    FIELD_MANAGER,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    annotations_of,
    digest,
    labels_of,
)
from stackctl.model.ownership.controllers import keeps
from stackctl.model.ownership.field_sets import FieldPath, claimed
from stackctl.model.ownership.stack_id import StackId

# How Helm signs what belongs to a release of its.
HELM_RELEASE = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"
# Programs through which a person changed something by hand; ourselves, before we applied.
_PEOPLE = re.compile(
    r"^(stackctl|kubectl.*|k9s|helm|Helm|lens|rancher.*|oc|before-first-apply|dashboard|Mozilla)$"
)
# Programs that write to much that is not ours: the last to be blamed, whatever they may keep.
_BUSY = re.compile(
    r"^(kube-controller-manager|kube-scheduler|horizontal-pod-autoscaler|vpa-.*|keda.*"
    r"|cainjector|cert-manager.*|cert-controller|.*-controller|.*-operator|sandbox-agent)$"
)
# Labels that have no effect.
_DESCRIPTIVE = ("app.kubernetes.io/", STACK_LABEL, COMPONENT_LABEL)


class Verdict(StrEnum):
    """What to do about a field that another manager holds."""

    OVERRIDE = "override"  # a person's tool: ours wins, and it is reported
    YIELD = "yield"  # the field is left to whoever holds it
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class HeldField:
    """One field another manager holds."""

    manager: str
    field: str  # .spec.replicas
    verdict: Verdict
    known: bool = False  # its manager is there to write it: nobody has to be told

    @property
    def told(self) -> bool:
        """It stays as it is, and whoever wants something else in it has to know."""
        return self.verdict is not Verdict.OVERRIDE and not self.known


def owner(live: Manifest, stack: StackId) -> str:
    """Name who else owns an object; empty when it is ours or nobody's."""
    labels, annotations = labels_of(live), annotations_of(live)
    if (other := labels.get(STACK_LABEL)) and labels.get(MANAGED_BY) == FIELD_MANAGER:
        return "" if other == stack.label else f"stack {other}"
    if release := annotations.get(HELM_RELEASE):
        namespace = annotations.get(HELM_NAMESPACE, "")
        return f"Helm release {namespace}/{release}"
    if application := annotations.get("argocd.argoproj.io/tracking-id"):
        return f"Argo CD application {application.partition(':')[0]}"
    if name := labels.get("kustomize.toolkit.fluxcd.io/name"):
        return f"Flux Kustomization {name}"
    if name := labels.get("helm.toolkit.fluxcd.io/name"):
        return f"Flux HelmRelease {name}"
    return ""


def maker(live: Manifest, stack: StackId) -> str:
    """Name the field manager that holds the most of an object; empty where nobody else does."""
    held = {
        str(entry.get("manager", "")): len(claimed([entry]))
        for entry in live.get("metadata", {}).get("managedFields") or ()
        if not entry.get("subresource")
    }
    held.pop(stack.manager, None)
    return max(held, key=lambda manager: held[manager], default="")


def ours(live: Manifest, stack: StackId) -> bool:
    """Tell whether an object carries the stack's labels."""
    labels = labels_of(live)
    return labels.get(STACK_LABEL) == stack.label and labels.get(MANAGED_BY) == FIELD_MANAGER


def recorded_as_ours(live: Manifest, stack: StackId, uid: str) -> bool:
    """Tell whether an object is the one that was recorded, or that was about to be made."""
    # An object that somebody deleted and made again has another uid and is theirs, and so is one
    # that another stack, or another tool, has signed since. What a tenant's record says of an
    # object proves nothing that the object does not say itself.
    if not uid:
        return written_by(live, stack)
    same = uid == live["metadata"].get("uid")
    return same and (not owner(live, stack) if stack.administrators else ours(live, stack))


def has_all_of(live: Manifest, manifest: Manifest) -> bool:
    """Tell whether a namespace of somebody else's does what the manifest's would, as it is."""
    if manifest["kind"] != "Namespace":
        return False
    labels = labels_of(manifest)
    wanted = {key: labels[key] for key in labels if not key.startswith(_DESCRIPTIVE)}
    metadata = manifest["metadata"] | {"labels": wanted}
    return bool(overlay(live, manifest | {"metadata": metadata}) == live)


def own_entry(live: Manifest, stack: StackId) -> Mapping[str, Any] | None:
    """Find the stack's server-side apply entry in managedFields.

    Before every stack was a manager of its own, all of them went by one name.
    """
    return _applied(live, stack.manager) or earlier_entry(live, stack)


def earlier_entry(live: Manifest, stack: StackId) -> Mapping[str, Any] | None:
    """Find the entry that an earlier stackctl made for the stack, by the name of them all."""
    labelled = labels_of(live).get(STACK_LABEL) == stack.label
    return _applied(live, FIELD_MANAGER) if labelled else None


def _applied(live: Manifest, manager: str) -> Mapping[str, Any] | None:
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            return entry  # type: ignore[no-any-return]
    return None


def written_by(live: Manifest, stack: StackId) -> bool:
    """Tell whether the stack has made an object what it is, and not only its label was copied."""
    return ours(live, stack) and own_entry(live, stack) is not None


def owned_digest(live: Manifest, stack: StackId) -> str:
    """Hash the set of fields that are the stack's; empty when it owns none."""
    entry = own_entry(live, stack)
    return digest(entry.get("fieldsV1", {})) if entry is not None else ""


def lost_fields(live: Manifest, predicted: Manifest, stack: StackId) -> frozenset[FieldPath]:
    """Return the fields that would be ours again if the object were applied."""
    before, after = (filter(None, [own_entry(each, stack)]) for each in (live, predicted))
    return claimed(after) - claimed(before)


def verdict(kind: str, field: str, manager: str, subresource: str = "") -> Verdict:
    """Decide what usually becomes of a contested field, by who holds it, through what, where."""
    if _PEOPLE.match(manager):
        return Verdict.OVERRIDE
    known = keeps(kind, field, manager, subresource)
    return Verdict.YIELD if known else Verdict.REFUSE


def busy(manager: str) -> bool:
    """Tell whether a program writes to many objects, so that having written last says little."""
    return _BUSY.match(manager) is not None
