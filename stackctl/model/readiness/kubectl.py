"""Commands of kubectl that are advised, about one object."""

from stackctl.model.objects.refs import Ref


def kubectl(ref: Ref, verb: str) -> str:
    """Write a command about an object, its kind with its group: several groups may have it."""
    where = f" -n {ref.namespace}" if ref.namespace else ""
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    return f"kubectl{where} {verb} {kind.lower()} {ref.name}"


def describe(ref: Ref) -> str:
    """Write the command that tells all about an object, its events included."""
    return kubectl(ref, "describe")


def may_get(plural: str, group: str, ref: Ref) -> str:
    """Write the command that says whether an object may be read, and so when it may."""
    where = f" -n {ref.namespace}" if ref.namespace else ""
    kind = f"{plural}.{group}" if group else plural
    return f"kubectl{where} auth can-i get {kind}/{ref.name}"


def restart(ref: Ref) -> str:
    """Write the command that starts the Pods of a workload again."""
    where = f" -n {ref.namespace}" if ref.namespace else ""
    return f"kubectl{where} rollout restart {ref.kind.lower()} {ref.name}"
