"""Taking an object over from whatever applied it before, so that what we drop really goes.

The API server keeps a field for as long as any manager claims it. What an installer of the past
claims is therefore put into our own entry of managedFields before we apply: then a field that we
do not send is nobody's, and leaves. Claims of controllers and of people's edits are not touched.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    FIELD_MANAGER,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    annotations_of,
    labels_of,
)
from stackctl.model.ownership.defaults import Names, claim_of
from stackctl.model.ownership.field_sets import abandoned, claimed, union, without_fields
from stackctl.model.ownership.ownership import HELM_RELEASE, earlier_entry, own_entry
from stackctl.model.ownership.proof import APPLIED
from stackctl.model.ownership.stack_id import StackId

_INSTALLERS = re.compile(
    r"stackctl|stackctl/.+|helm|Helm|kubectl|kubectl-client-side-apply|kubectl-create"
    r"|kubectl-replace|before-first-apply"
)
# The API server's name for whoever held the fields before somebody wiped managedFields.
_REBUILT = "before-first-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def installers(live: Manifest, stack: StackId, *, adopting: bool) -> tuple[Mapping[str, Any], ...]:
    """Find the entries of managedFields that are to become ours.

    Our own updates always do, and what an earlier stackctl applied for the stack; those of other
    installers when their object is adopted.
    """
    return tuple(
        entry
        for entry in live.get("metadata", {}).get("managedFields") or ()
        if not entry.get("subresource") and _passes(entry, live, stack, adopting=adopting)
    )


def patch(
    live: Manifest, stack: StackId, *, adopting: bool, filled: Sequence[Names] = ()
) -> list[dict[str, Any]]:
    """Make the JSON patch that puts their claims into our entry; empty when there are none.

    `filled` are fields that nobody claims and that are to go as well.

    It applies to the very version of the object it was made for, and changes no field but the
    copy of the manifest that kubectl keeps in an annotation.
    """
    theirs: tuple[Mapping[str, Any], ...] = installers(live, stack, adopting=adopting)
    if filled:
        nobodys = {"apiVersion": live["apiVersion"], "fieldsV1": claim_of(live, filled)}
        theirs = (*theirs, nobodys)
    if not theirs:
        return []
    metadata = live["metadata"]
    steps = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": _merged(live, theirs, stack)},
    ]
    if LAST_APPLIED in annotations_of(live):
        name = LAST_APPLIED.replace("~", "~0").replace("/", "~1")
        steps.append({"op": "remove", "path": f"/metadata/annotations/{name}"})
    return steps


def after_takeover(
    live: Manifest, predicted: Manifest, stack: StackId, *, adopting: bool
) -> Manifest:
    """Leave out of a prediction what goes once its former managers claim nothing any more."""
    theirs = installers(live, stack, adopting=adopting)
    if not theirs:
        return predicted
    ours = own_entry(predicted, stack) or {}
    others = [
        entry
        for entry in live["metadata"]["managedFields"]
        if entry not in theirs and entry != own_entry(live, stack)
    ]
    gone = abandoned(claimed(theirs), claimed([ours, *others]))
    reduced: Manifest = without_fields(predicted, gone)
    return reduced


def _passes(entry: Mapping[str, Any], live: Manifest, stack: StackId, *, adopting: bool) -> bool:
    manager = str(entry.get("manager", ""))
    if manager in (stack.manager, FIELD_MANAGER) and entry.get("operation") == "Update":
        return True
    if manager == stack.manager:
        return False
    if entry == earlier_entry(live, stack):
        return True
    signed = HELM_RELEASE in annotations_of(live)
    # A namespace is common ground: what is written on it is relied upon by others too.
    if live.get("kind") == "Namespace" and not signed:
        return False
    if manager == _REBUILT and own_entry(live, stack) is not None:
        return True
    # Helm of some years ago went by the name of its HTTP library.
    nameless = manager == "Go-http-client" and signed
    return adopting and (nameless or _INSTALLERS.fullmatch(manager) is not None)


def _merged(
    live: Manifest, theirs: Iterable[Mapping[str, Any]], stack: StackId
) -> list[dict[str, Any]]:
    """Rewrite managedFields: one entry of ours, with the claims of those who leave."""
    leaving = list(theirs)
    own = next((each for each in [own_entry(live, stack)] if each not in leaving), None)
    version = own["apiVersion"] if own else leaving[-1]["apiVersion"]
    # Fields are named as their version names them: those of other versions cannot be joined.
    joined = [entry for entry in leaving if entry["apiVersion"] == version]
    entry = {
        "manager": stack.manager,
        "operation": "Apply",
        "apiVersion": version,
        "time": (own or leaving[-1]).get("time"),
        "fieldsType": "FieldsV1",
        "fieldsV1": union([*([own] if own else []), *joined]),
    }
    rest = [
        dict(each)
        for each in live["metadata"]["managedFields"]
        if each not in joined and each != own
    ]
    return [*rest, entry]


def disowning_patch(live: Manifest, stack: StackId) -> list[dict[str, Any]]:
    """Make the JSON patch after which an object is as it was, and no longer ours.

    It applies to the very version of the object it was made for.
    """
    metadata, labels = live["metadata"], labels_of(live)
    # An earlier stackctl went by one name for all stacks.
    named = labels.get(STACK_LABEL) == stack.label
    managers = (stack.manager, FIELD_MANAGER) if named else (stack.manager,)
    rest = [
        each for each in metadata.get("managedFields") or () if each.get("manager") not in managers
    ]
    left = [("annotations", APPLIED)] if APPLIED in annotations_of(live) else []
    left += [("labels", name) for name in (STACK_LABEL, COMPONENT_LABEL) if name in labels]
    # Whoever took the object back has signed it already.
    if labels.get(MANAGED_BY) == FIELD_MANAGER:
        left.append(("labels", MANAGED_BY))
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        # An empty list would keep them all; a list of one empty entry is how none is said.
        {"op": "replace", "path": "/metadata/managedFields", "value": rest or [{}]},
        *(
            {"op": "remove", "path": f"/metadata/{part}/{name.replace('/', '~1')}"}
            for part, name in left
        ),
    ]
