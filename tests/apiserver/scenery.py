"""Objects to wait for: a namespace, a stack of the same name, and what can be put there."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from stackctl.api.access.access import Impersonation
from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.cluster.status.statuses import read_statuses
from stackctl.cluster.wait.targets import Target
from stackctl.cluster.wait.wait import Observer
from stackctl.model.objects.refs import STACK_LABEL, Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness.pod_faults import Patience
from stackctl.model.readiness.status import Assessment
from stackctl.model.run.events import Event

LONG = 60.0  # seconds; far more than anything here takes
SHORT = 3.0  # seconds; for what never happens
FAIL = "sandbox.stackctl.dev/fail"
FINE, MISSING = "example.com/fine:1", "example.com/does-not-exist:1"
NUMBERS = itertools.count()


class Scenery:
    """A namespace, a stack of the same name, and objects in it."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name
        self.discovery = Discovery(client)
        self.stop = threading.Event()
        self.told: list[Event] = []
        self.progress: list[tuple[int, int, str]] = []
        self.patience = Patience(unschedulable=1, restarts=1)

    def as_user(self, user: str) -> "Scenery":
        """See the same things with the rights of somebody else."""
        login = replace(self.client.access.login, impersonate=Impersonation(user))
        return Scenery(Client(replace(self.client.access, login=login)), self.name)

    def through(self, server: str) -> "Scenery":
        """See the same things by another way."""
        return Scenery(Client(replace(self.client.access, server=server)), self.name)

    def observer(self) -> Observer:
        """Watch the stack; a context manager."""
        return Observer(
            self.client,
            self.discovery,
            stack=StackId(self.name),
            notify=self.told.append,
            patience=self.patience,
        )

    def statuses(self, refs: Iterable[Ref]) -> Mapping[Ref, Assessment]:
        """Tell how objects stand at this moment."""
        return read_statuses(self.client, self.discovery, refs, stack=StackId(self.name)).of

    def wait(self, *targets: Target, seconds: float = LONG, observer: Observer | None = None):
        """Wait for objects to be ready, with an observer of its own if none is given."""
        if observer is None:
            with self.observer() as made:
                self.wait(*targets, seconds=seconds, observer=made)
            return
        observer.wait(targets, **self.terms(seconds))

    def terms(self, seconds: float = LONG) -> dict[str, Any]:
        """Say how long to wait, and keep what is told meanwhile."""

        def progress(*news: Any) -> None:
            self.progress.append(news)

        deadline = time.monotonic() + seconds
        return {"deadline": deadline, "progress": progress, "stop": self.stop}

    def apply(self, manifest: Manifest, **how: Any) -> Target:
        """Apply an object and name it as it was applied."""
        return Target.of(self.client.apply(self.path(manifest), manifest, force=True), **how)

    def path(self, manifest: Manifest) -> str:
        """Say where an object is."""
        return self.discovery.path_of(manifest)

    def thing(self, api: str, kind: str, name: str, **body: Any) -> Manifest:
        """Make an object of the stack."""
        metadata = {"name": name, "labels": {STACK_LABEL: self.name}}
        if kind not in ("CustomResourceDefinition", "ValidatingWebhookConfiguration"):
            metadata["namespace"] = self.name
        return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}

    def workload(self, kind: str, name: str, image: str = FINE, **how: Any) -> Manifest:
        """One container; `fail` is an annotation, everything else goes into the Pod."""
        labels = {"app": name}
        annotations = {FAIL: how.pop("fail")} if "fail" in how else {}
        resources = how.pop("resources", {})
        main = {"name": "main", "image": image, "resources": resources}
        template = {
            "metadata": {"labels": labels, "annotations": annotations},
            "spec": {"containers": [main], **how},
        }
        spec = {"selector": {"matchLabels": labels}, "template": template}
        return self.thing("apps/v1", kind, name, spec=spec)

    def definition(self) -> Manifest:
        """Define a kind whose controller reports on it."""
        group = f"{self.name}.example.com"
        opened = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": opened},
            "subresources": {"status": {}},
        }
        return self.thing(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            f"widgets.{group}",
            spec={
                "group": group,
                "scope": "Namespaced",
                "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [version],
            },
        )

    def widget(self, **metadata: Any) -> Manifest:
        """Make an object of that kind."""
        made = self.thing(f"{self.name}.example.com/v1", "Widget", "one")
        return made | {"metadata": made["metadata"] | metadata}


@contextmanager
def scenery_on(client: Client) -> Iterator[Scenery]:
    """Make a namespace, and take it away with everything in it."""
    made = Scenery(client, f"wait-{next(NUMBERS)}-{int(time.time())}")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.name}}
    client.create("/api/v1/namespaces", namespace)
    try:
        yield made
    finally:
        made.stop.set()
        client.delete(made.path(made.definition()))
        client.delete(f"/api/v1/namespaces/{made.name}")


def in_background(work: Callable[[], None]) -> Callable[[], None]:
    """Start something and return how to wait for its end, with its error if it has one."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return lambda: future.result(LONG)


def until(true: Callable[[], object]) -> None:
    """Return as soon as something holds."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def without_namespaces(client: Client, *names: str) -> None:
    """Take off namespaces that no stack takes off: they would be in another test's way."""
    paths = [f"/api/v1/namespaces/{name}" for name in names]
    for path in paths:
        client.delete(path)
    until(lambda: not any(client.get(path) for path in paths))
