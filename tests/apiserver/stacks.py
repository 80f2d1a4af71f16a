"""Small stacks to try the engine with: objects, components, and the verbs that bring them about."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from stackctl.actions.compose import StackRequest
from stackctl.actions.deploy import deploy as deploy_profile
from stackctl.actions.execute_plan import execute_plan
from stackctl.actions.planning import look
from stackctl.actions.rollback import rollback
from stackctl.actions.teardown import teardown
from stackctl.api.access.access import Access
from stackctl.api.client import Client
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection, connect
from stackctl.cluster.context import running
from stackctl.cluster.record import recording
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    MANAGED_BY,
    RECORD_NAMESPACE,
    STACK_LABEL,
    Manifest,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.events import Event, Notice, Notify
from stackctl.model.run.outcome import DeployOutcome, TeardownOutcome

KEEPER = "kept-for-other-tests"
QUICK = 60.0  # seconds; far more than anything here takes


def write_as(client: Client, manager: str, path: str, body: object, *, kind: str = "merge") -> None:
    """Change an object as another program would; `kind` is that of the patch."""
    client.request(
        "PATCH",
        path,
        query={"fieldManager": manager},
        body=json.dumps(body).encode(),
        content_type=f"application/{kind}-patch+json",
    )


class Stack:
    """A stack under test: its name is its namespace, its log is what it told."""

    def __init__(self, connection: Connection, name: str, *, home: str = RECORD_NAMESPACE) -> None:
        self.connection = connection
        self.client = connection.client
        self.name = name
        self.home = home  # the namespace of its record
        self.told: list[Event] = []

    @property
    def id(self) -> StackId:
        """Which stack it is."""
        return StackId(self.name, self.home)

    @property
    def notes(self) -> list[str]:
        """What was told; not what a deploy that asks nobody leaves untried, which each tells."""
        told = [each.text for each in self.told if isinstance(each, Notice)]
        return [text for text in told if not text.startswith("not tried before it is applied")]

    def part(self, name: str, *objects: Manifest, **fields: Any) -> BundleComponent:
        """Make a component of objects, labelled as composing would."""
        labelled = tuple(self._labelled(each, name) for each in objects)
        return BundleComponent(name, "1.0.0", self.name, labelled, **fields)

    def deploy(
        self,
        *parts: BundleComponent,
        notify: Notify | None = None,
        timeout: float = QUICK,
        **options: Any,
    ) -> DeployOutcome:
        """Bring the cluster to the state that the components describe."""
        with running(self.connection, self.tell) as run:
            intent = look(run, self.id, Bundle("test", parts))
            heard = replace(run, notify=notify or self.tell)
            return execute_plan(
                heard, intent, lambda *_: True, self.options(timeout=timeout, **options)
            )

    def bring(
        self, request: StackRequest, action: Callable[..., DeployOutcome] = deploy_profile
    ) -> DeployOutcome:
        """Deploy what a user asks for, or bring it about by another verb; nobody is asked."""
        return action(
            request,
            self.connection,
            agree=lambda *_: True,
            notify=self.tell,
            options=self.options(yes=True),
        )

    def options(self, **options: Any) -> RunOptions:
        """Say how a deploy goes about it."""
        chosen: dict[str, Any] = {"timeout": QUICK, "holder": "tester@here"} | options
        return RunOptions(**chosen)

    def teardown(self, timeout: float = QUICK, **options: Any) -> TeardownOutcome:
        """Take everything off again."""
        return teardown(
            self.id,
            self.connection,
            agree=lambda *_: True,
            notify=self.tell,
            options=RunOptions(timeout=timeout, holder="tester@here", **options),
        )

    def rollback(self, revision: int | None = None, *taking: str, **options: Any) -> DeployOutcome:
        """Go back to a revision, or to the last good one before the current."""
        return rollback(
            self.id,
            revision,
            self.connection,
            agree=lambda *_: True,
            notify=self.tell,
            options=self.options(**options),
            take_over=taking,
        )

    def keep_record_namespace(self, *, keep: bool = True) -> None:
        """Put something foreign into the namespace of the records, or take it out again."""
        recording.ensure_namespace(self.client, self.id, threading.Event())
        metadata = {"name": KEEPER, "namespace": RECORD_NAMESPACE}
        path = f"/api/v1/namespaces/{RECORD_NAMESPACE}/configmaps/{KEEPER}"
        if keep:
            keeper = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
            self.client.apply(path, keeper, manager="tests")
        else:
            self.client.delete(path)

    def tell(self, event: Event) -> None:
        """Keep what a run tells."""
        self.told.append(event)

    def get(self, path: str) -> Manifest | None:
        """Read an object of the stack's namespace: `configmaps/x`."""
        return self.client.get(f"/api/v1/namespaces/{self.name}/{path}")

    def namespace(self) -> Manifest:
        """The namespace everything is in."""
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}

    def config(self, name: str, **data: str) -> Manifest:
        """A ConfigMap."""
        return self.object("v1", "ConfigMap", name) | {"data": data or {"key": "value"}}

    def deployment(self, name: str, image: str = "example.com/fine:1", **spec: Any) -> Manifest:
        """A Deployment of one container."""
        labels = {"app": name}
        pod = {"containers": [{"name": "main", "image": image}]}
        template = {"metadata": {"labels": labels}, "spec": pod}
        body = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template} | spec
        return self.object("apps/v1", "Deployment", name) | {"spec": body}

    def definition(self, plural: str, kind: str, **extra: Any) -> Manifest:
        """A definition of custom resources, in a group of the stack's own."""
        group = f"{self.name}.example.com"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
                "versions": [version],
            }
            | extra,
        }

    def custom(self, kind: str, name: str, **body: Any) -> Manifest:
        """An instance of such a definition."""
        return self.object(f"{self.name}.example.com/v1", kind, name) | body

    def object(self, version: str, kind: str, name: str) -> Manifest:
        """Any object of the stack's namespace, without what it says."""
        metadata = {"name": name, "namespace": self.name}
        return {"apiVersion": version, "kind": kind, "metadata": metadata}

    def _labelled(self, manifest: Manifest, component: str) -> Manifest:
        labels = {MANAGED_BY: "stackctl", STACK_LABEL: self.id.label, COMPONENT_LABEL: component}
        return manifest | {"metadata": manifest["metadata"] | {"labels": labels}}


@contextmanager
def behind(access: Access, stack: Stack, name: str = "") -> Iterator[Stack]:
    """Reach the same stack, or another one, in another way; it hears what the connection tells."""
    told: list[Event] = []
    connection = connect(access, told.append, threading.Event())
    there = Stack(connection, name or stack.name)
    there.told = told
    try:
        yield there
    finally:
        connection.client.close()


class Killed(BaseException):
    """Stands for a process that is no more."""


@contextmanager
def killed_at(event: type, count: int = 1) -> Iterator[Notify]:
    """Give a `notify` that ends the run the moment the n-th event of a kind is told."""
    seen = 0

    def notify(told: Event) -> None:
        nonlocal seen
        seen += isinstance(told, event)
        if seen >= count:
            raise Killed

    yield notify
