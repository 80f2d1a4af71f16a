"""A client that records what is asked of the API server, and answers from a script.

It knows nothing of what an API server does: no merging, no conflicts, nothing is kept. What is
not in the script is answered with nothing: no such object, an empty list, what was sent.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from stackctl.api.access.access import Access
from stackctl.api.client import Client, Request, Response
from stackctl.api.discovery import ApiResource, Discovery, Served
from stackctl.api.http.limits import Limits
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.targets import Target
from stackctl.cluster.wait.wait import Observer
from stackctl.errors import NotFound
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import ComponentProgress, Event
from stackctl.model.run.outcome import TargetInfo

ML = StackId("ml")
SOON = 10.0  # seconds; nothing in here waits
DATE = "Fri, 27 Nov 2026 20:00:00 GMT"
TARGET = TargetInfo("test", "https://recorded", "uid-of-kube-system", "v1.36.3")
CORE = {
    "Namespace": "namespaces",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "Service": "services",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}
OTHERS = {
    ("apps", "v1", "Deployment"): "deployments",
    ("e.dev", "v1", "Job"): "jobs",
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"): "customresourcedefinitions",
    (
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
    ): "validatingwebhookconfigurations",
}
UNBOUND = {"Namespace", "CustomResourceDefinition", "ValidatingWebhookConfiguration"}
VERBS = frozenset({"create", "delete", "get", "list", "patch"})


class Recorder(Client):
    """Records requests as `verb place/of/the/object` and plays answers.

    `script` says per line what is answered: a document, an error, or one after the other of a
    list of them, the last of which stays.
    """

    def __init__(self, script: Mapping[str, Any] | None = None) -> None:
        super().__init__(Access("https://recorded"))
        self.script = {
            line: list(answers) if isinstance(answers, list) else [answers]
            for line, answers in (script or {}).items()
        }
        self.log: list[str] = []  # requests, and whatever else tests put among them
        self.bodies: list[tuple[str, Any]] = []
        self._exchange: Any = self  # everything that a client sends goes through one door
        self.limits = Limits(self.now, threading.Event())

    def answer(self, request: Request, _look: Any = None) -> Any:
        """Record a request and play its answer."""
        if request.fence is not None:
            request.fence()
        line, body = _line(request), json.loads(request.body) if request.body else None
        if not line.endswith("/events"):  # those come from a thread of their own
            self.log.append(line)
            self.bodies.append((line, body))
        answers = self.script.get(line)
        if answers is None:
            return _nothing(request, body)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    def send(self, request: Request) -> Response:
        """The same, with the headers of the answer."""
        return Response(200, {"Date": DATE}, b"", self.answer(request))

    @property
    def writes(self) -> list[str]:
        """What was to change something, in order; what tests put in between as well."""
        return [line for line in self.log if line.split()[0] not in ("read", "list", "GET", "try")]

    def body(self, line: str) -> Any:
        """Return what was sent last with a request."""
        return next(body for other, body in reversed(self.bodies) if other == line)


def _line(request: Request) -> str:
    path = request.path.removeprefix("/api/v1/").removeprefix("/apis/")
    path = path.removeprefix("namespaces/") if path.count("/") > 1 else path
    group, _, rest = path.partition("/namespaces/")
    tried = bool(request.query and request.query.get("dryRun"))
    verb = "try" if tried else request.verb or request.method
    return f"{verb} {rest or group}"


def _nothing(request: Request, body: Any) -> Any:
    if request.verb == "list":
        return listing()
    if request.method == "GET" and request.verb == "read":
        raise NotFound(f"{request.path}: not there", status=404)
    if isinstance(body, dict) and "metadata" in body:
        return live(body)
    return {}


def listing(*items: Manifest) -> Manifest:
    """Make the answer to a LIST."""
    metadata = {"resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "List", "metadata": metadata, "items": list(items)}


def live(manifest: Manifest, **metadata: Any) -> Manifest:
    """Make of a manifest what a server answers with."""
    stamped = {"uid": f"uid-{manifest['metadata']['name']}", "resourceVersion": "7"}
    return manifest | {"metadata": manifest["metadata"] | stamped | metadata}


def ours(manifest: Manifest, **metadata: Any) -> Manifest:
    """Make of a manifest an object that the stack has applied."""
    entry = {"manager": ML.manager, "operation": "Apply", "fieldsV1": {"f:data": {}}}
    return live(manifest, **{"managedFields": [entry]} | metadata)


def thing(kind: str, name: str, space: str = "ml", **fields: Any) -> Manifest:
    """Make an object of one of the kinds that are served, labelled as the stack's."""
    version = "v1"
    for group, of_group, other in OTHERS:
        if other == kind:
            version = f"{group}/{of_group}"
    metadata: dict[str, Any] = {"name": name, "labels": {MANAGED_BY: "stackctl", STACK_LABEL: "ml"}}
    if kind not in UNBOUND:
        metadata["namespace"] = space
    return {"apiVersion": version, "kind": kind, "metadata": metadata} | fields


def definition(name: str = "jobs.e.dev") -> Manifest:
    """Make the definition of the one custom kind that is served."""
    spec = {
        "group": "e.dev",
        "names": {"kind": "Job", "plural": "jobs"},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True}],
    }
    return thing("CustomResourceDefinition", name, spec=spec)


def connected(client: Client) -> Connection:
    """Connect to a server that serves a few kinds."""
    discovery = Discovery(client)
    core = [ApiResource("", "v1", kind, CORE[kind], kind not in UNBOUND, VERBS) for kind in CORE]
    others = [
        ApiResource(*key, plural, key[2] not in UNBOUND, VERBS) for key, plural in OTHERS.items()
    ]
    served = Served((*core, *others))
    discovery.refresh = lambda: None  # type: ignore[method-assign]
    discovery._know(served)
    return Connection(client, discovery, TARGET, threading.Event())


class Watcher(Observer):
    """Stands in for waiting: records for what, and finds it there at once."""

    def __init__(self, client: Recorder, connection: Connection) -> None:
        super().__init__(client, connection.discovery, stack=ML, notify=lambda _: None)
        self.log = client.log
        self.trouble: Exception | None = None  # raised instead

    def _note(self, what: str, targets: Sequence[Target]) -> None:
        self.log.append(f"{what} {' '.join(sorted(each.ref.name for each in targets))}".strip())
        if self.trouble is not None:
            raise self.trouble

    def wait(self, targets: Sequence[Target], **_: Any) -> None:
        """Find everything ready."""
        self._note("wait-ready", targets)

    def wait_established(self, crds: Sequence[Target], **_: Any) -> None:
        """Find definitions served."""
        self._note("wait-established", crds)

    def wait_gone(self, targets: Sequence[Target], **_: Any) -> None:
        """Find everything gone."""
        self._note("wait-gone", targets)


@contextmanager
def session(client: Recorder, *, wait: bool = True, workers: int = 1) -> Iterator[Session]:
    """Open a session without a lock; with one worker, requests come in the order of their steps."""
    connection = connected(client)
    with ThreadPoolExecutor(workers) as pool:
        yield Session(
            connection,
            Watcher(client, connection),
            pool,
            lambda _: None,
            deadline=client.now() + SOON,
            wait=wait,
            abandoned=connection.stop,
            sender=Sender(client, ML, "r1"),
        )


def tell(client: Recorder, event: Event) -> None:
    """Put among the requests how components stand at their end."""
    if isinstance(event, ComponentProgress) and event.state in ("ready", "unchanged", "failed"):
        client.log.append(f"{event.state} {event.component}")
