"""What programs leave on nodes, and the patches that take it off again.

Nodes are nobody's of a stack: what goes with a program is told by who wrote it.
"""

from collections.abc import Collection, Container, Iterable

from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.field_sets import claimed
from stackctl.model.readiness.placement import taint_text


def unmarking_patch(node: Manifest, managers: Container[str]) -> Manifest | None:
    """Make the merge patch that takes the managers' labels and annotations off a node."""
    metadata = _nothing(node, managers, "metadata", ("labels", "annotations"))
    return {"metadata": metadata} if metadata else None


def withdrawing_patch(node: Manifest, managers: Container[str]) -> Manifest | None:
    """Make the merge patch of a node's status that takes off the managers' extended resources.

    The kubelet copies them to what can be allocated and takes nothing back.
    """
    status = _nothing(node, managers, "status", ("capacity",))
    return {"status": status | {"allocatable": status["capacity"]}} if status else None


def noted_taints(node: Manifest, managers: Container[str]) -> frozenset[str]:
    """Read which taints the managers noted as theirs, as `key=value:Effect`.

    A node's taints are one field with one owner, so that programs which set some note them in an
    annotation `<domain>/taints`. Whose annotation it is tells whose taints they are.
    """
    owned = _nothing(node, managers, "metadata", ("annotations",)).get("annotations", {})
    notes = node["metadata"].get("annotations") or {}
    names = [each for each in owned if each.endswith("/taints")]
    return frozenset(text for name in names for text in notes.get(name, "").split(",") if text)


def untainting_patch(node: Manifest, noted: Container[str]) -> Manifest | None:
    """Make the merge patch that takes taints off a node, if it is as it was read."""
    taints = node.get("spec", {}).get("taints") or []
    kept = [taint for taint in taints if taint_text(taint) not in noted]
    if len(kept) == len(taints):
        return None
    version = node["metadata"]["resourceVersion"]
    return {"metadata": {"resourceVersion": version}, "spec": {"taints": kept or None}}


def _nothing(
    node: Manifest, managers: Container[str], top: str, parts: Collection[str]
) -> dict[str, dict[str, None]]:
    """Name what the managers own in maps of a node, as the patch that removes it."""
    nothing: dict[str, dict[str, None]] = {}
    for root, part, *key in _owned(node, managers):
        if root == f"f:{top}" and part[2:] in parts and key != ["."]:
            nothing.setdefault(part[2:], {})[key[0].removeprefix("f:")] = None
    return nothing


def _owned(node: Manifest, managers: Container[str]) -> Iterable[tuple[str, ...]]:
    entries = node["metadata"].get("managedFields") or ()
    written = claimed(each for each in entries if each.get("manager") in managers)
    return sorted(path for path in written if len(path) > 2)
