"""What a stack comes to, so that two ways of getting there can be compared, value by value."""

from contextlib import suppress
from typing import Any

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import removal_impact
from stackctl.cluster.record import record_store, releases
from stackctl.cluster.record.lock import lease_path
from stackctl.cluster.workers import workers
from stackctl.errors import NotFound, ReleaseError
from stackctl.model.objects.refs import Manifest, annotations_of
from stackctl.model.ownership.proof import APPLIED, mark_of
from stackctl.model.release.release import Release
from tests.apiserver.children import LONG
from tests.apiserver.stacks import Stack

PAST = "2020-01-01T00:00:00.000000Z"
COUNTED = "deployment.kubernetes.io/revision"  # how often a Deployment was changed
# What differs between two objects that are the same.
OWN = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


def bury(stack: Stack) -> None:
    """Let the time pass after which a dead holder's lock is free."""
    path = lease_path(stack.id)
    with suppress(NotFound):  # it has been given back, or is just being
        stack.client.patch(path, {"spec": {"renewTime": PAST}})


def record(stack: Stack) -> Release | None:
    """Read the newest revision."""
    found = releases.current(stack.client, stack.id)
    return found.release if found else None


def state(stack: Stack) -> dict[str, Any]:
    """Tell everything of a stack that two equal deploys have in common."""
    release = record(stack)
    assert release is not None
    stack.connection.discovery.refresh()  # other processes have defined what it knows nothing of
    inventory = {
        entry.ref.key: (entry.component, entry.version, entry.created, bool(entry.uid), entry.owned)
        for entry in release.inventory
    }
    objects = {
        entry.ref.key: stripped(read(stack.connection, entry.ref)) for entry in release.inventory
    }
    labelled = labels(stack)
    told = {
        "status": release.status,
        "components": [*release.components, *release.shards],
        "inventory": inventory,
        "objects": objects,
        "labelled": labelled,
    }
    return dict(renamed(told, stack.name))


def renamed(value: Any, name: str) -> Any:
    """Take the stack's name out of everything."""
    if isinstance(value, dict):
        return {renamed(key, name): renamed(each, name) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [renamed(each, name) for each in value]
    return value.replace(name, "STACK") if isinstance(value, str) else value


def labels(stack: Stack) -> list[str]:
    """Name every object with the stack's label, as the API server lists them."""
    with workers() as pool:
        found = removal_impact.labelled_everywhere(stack.connection, stack.id, pool)
    return sorted(ref.key for ref in found.objects)


def read(connection: Connection, ref: Any) -> Manifest:
    resource = connection.discovery.find(ref.group, ref.kind)
    assert resource is not None
    found = connection.client.get(resource.path(ref.namespace, ref.name))
    assert found is not None, ref
    return found


def stripped(live: Manifest) -> Manifest:
    metadata = {key: value for key, value in live["metadata"].items() if key not in OWN}
    metadata["managers"] = sorted(
        {each["manager"] for each in live["metadata"]["managedFields"] if "subresource" not in each}
    )
    # The digest is that of an object of the stack's name, and every run has a mark of its own.
    annotations: dict[str, Any] = annotations_of(live) | {APPLIED: bool(mark_of(live).digest)}
    annotations.pop(COUNTED, None)
    mark = {"annotations": annotations}
    kept = {key: value for key, value in live.items() if key != "status"}
    if live["kind"] == "Service":
        kept["spec"] = {k: v for k, v in live["spec"].items() if not k.startswith("clusterIP")}
    return kept | {"metadata": metadata | mark}


def differing(one: Any, other: Any, path: str = "") -> list[str]:
    """Name what differs between two states."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in differing(one.get(key), other.get(key), f"{path} {key}")
        ]
    return [] if one == other else [f"{path}: {one!r} is not {other!r}"]


def require_nothing_of(stack: Stack) -> None:
    """Make sure that neither an object nor a record of a stack is there."""
    assert not (left := labels(stack)), f"with the stack's label: {left}"
    for path in (record_store.indexes_of(stack.id), record_store.secrets_of(stack.id)):
        kept = stack.client.list(path, labels=record_store.mine(stack.id)).items
        assert not kept, f"of the record: {[each['metadata']['name'] for each in kept]}"
    for path in (lease_path(stack.id), f"/api/v1/namespaces/{stack.name}"):
        live = stack.client.get(path)
        assert live is None, f"still there: {live}"


def torn_down(stack: Stack) -> None:
    """Tear a stack down, whatever of it is there."""
    try:
        # The dead have claimed the lock once more, where their last request was on its way.
        outcome = stack.teardown(wait_lock=LONG)
    except ReleaseError:
        pass  # the run had ended all but the last word
    else:
        assert outcome.residue == ()
        assert outcome.kept == ()
    require_nothing_of(stack)
