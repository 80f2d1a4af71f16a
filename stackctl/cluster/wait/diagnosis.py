"""What the cluster knows about why something does not get ready: events and last log lines.

All of it is helpful and none of it needed: what cannot be read is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stackctl.api.client import Client
from stackctl.errors import ClusterError
from stackctl.model.objects.conditions import one_line
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.pod_faults import PodFault, unwrapped

LOG_LINES = 5
LOG_WIDTH = 200
PATIENCE_SECONDS = 5.0
# Events that say that a node is on its way for a Pod that none of the present ones can take.
SCALING = frozenset({"TriggeredScaleUp", "Nominated"})


def of_fault(client: Client, fault: PodFault) -> Iterator[str]:
    """Yield what is known beyond what the status says."""
    for said, line in _warning(client, fault.namespace, fault.uid):
        if said not in fault.text and fault.text not in said:
            yield line
    if fault.crashed:
        yield from _log(client, fault.namespace, fault.pod, fault.container)


def of_pod(client: Client, pod: Manifest) -> Iterator[str]:
    """Yield what is known about a Pod that is not ready and shows no fault."""
    metadata = pod["metadata"]
    for event in _events(client, metadata["namespace"], metadata["uid"])[:1]:
        yield f"event of Pod {metadata['name']}: {_reason(event)}: {_words(event)}"
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        if "running" in (container.get("state") or {}) and not container.get("ready"):
            yield from _log(client, metadata["namespace"], metadata["name"], container["name"])
            return


def of_object(client: Client, obj: Manifest) -> Iterator[str]:
    """Yield the last thing that went wrong with any object."""
    metadata = obj["metadata"]
    for _, line in _warning(client, metadata.get("namespace") or "default", metadata["uid"]):
        yield line


def scaling_up(client: Client, fault: PodFault) -> bool:
    """Return whether a node is being added for a Pod."""
    events = _events(client, fault.namespace, fault.uid)
    return any(_reason(event) in SCALING for event in events)


def _warning(client: Client, namespace: str, uid: str) -> Iterator[tuple[str, str]]:
    """Return the last warning about an object, and as a line; a repetition says nothing new."""
    for event in _events(client, namespace, uid)[:1]:
        if event.get("type") == "Warning" and _reason(event) != "BackOff":
            yield _words(event), f"event: {_reason(event)}: {_words(event)}"


def _events(client: Client, namespace: str, uid: str) -> list[Manifest]:
    """Return the events of an object, warnings first, the last first."""
    query = {"fieldSelector": f"involvedObject.uid={uid}", "limit": "100"}
    answer = _ask(client, f"/api/v1/namespaces/{namespace}/events", query)
    found: list[Manifest] = list((answer or {}).get("items") or ())
    found.sort(key=_time, reverse=True)
    return sorted(found, key=lambda event: event.get("type") != "Warning")


def _time(event: Mapping[str, Any]) -> str:
    last = event.get("lastTimestamp") or (event.get("series") or {}).get("lastObservedTime")
    return str(last or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _reason(event: Mapping[str, Any]) -> str:
    return str(event.get("reason") or "")


def _words(event: Mapping[str, Any]) -> str:
    return one_line(unwrapped(str(event.get("message") or "")))


def _log(client: Client, namespace: str, pod: str, container: str) -> Iterator[str]:
    query = {"container": container, "tailLines": str(LOG_LINES), "limitBytes": "10000"}
    text = _ask(client, f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query)
    for line in str(text or "").splitlines()[-LOG_LINES:]:
        yield f"log of {container}: {one_line(line, LOG_WIDTH)}"


def _ask(client: Client, path: str, query: Mapping[str, str]) -> Any:
    until, longest = client.now() + PATIENCE_SECONDS, PATIENCE_SECONDS
    try:
        answer = client.request(
            "GET", path, query=query, accept="*/*", timeout=longest, retry_until=until
        )
    except ClusterError:
        return None
    return answer.document if answer.document is not None else answer.body.decode(errors="replace")
