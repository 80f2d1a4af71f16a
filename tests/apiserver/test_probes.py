"""Conditions beyond the objects' own status, on a real API server."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stackctl.api.client import Client
from stackctl.cluster.change.probes import probe
from stackctl.cluster.change.session import Session
from stackctl.cluster.connection import Connection
from stackctl.cluster.sending import Sender
from stackctl.cluster.wait.wait import Observer
from stackctl.errors import NotReadyError
from stackctl.model.catalogue.component import Probe
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.run.outcome import TargetInfo
from tests.apiserver.scenery import LONG, SHORT, Scenery, in_background, scenery_on, until

RESOURCE = "example.com/engine"


@pytest.fixture
def scenery(client: Client) -> Iterator[Scenery]:
    with scenery_on(client) as made:
        yield made


@pytest.fixture
def node(client: Client) -> Iterator[Callable[[int], None]]:
    """Make a node offer some of the resource, and take it back at the end."""
    first = client.list("/api/v1/nodes").items[0]["metadata"]["name"]

    def offer(count: int | None) -> None:
        value = None if count is None else str(count)
        amounts = {"capacity": {RESOURCE: value}, "allocatable": {RESOURCE: value}}
        client.patch(f"/api/v1/nodes/{first}/status", {"status": amounts})

    offer.name = first  # type: ignore[attr-defined]
    yield offer
    offer(None)


class Trial:
    """One component's probes, and what they tell."""

    def __init__(self, scenery: Scenery, observer: Observer, *objects: Manifest) -> None:
        self.scenery, self.observer, self.objects = scenery, observer, objects
        self.told: list[str] = []

    def try_out(
        self, each: Probe, seconds: float, needs: Needs | None = None, **samples: Manifest
    ) -> None:
        """Wait for a probe."""
        info = TargetInfo("", "", "", "")
        connection = Connection(
            self.scenery.client, self.scenery.discovery, info, threading.Event()
        )
        part = BundleComponent("trial", "1", self.scenery.name, self.objects, samples=samples)
        with ThreadPoolExecutor(1) as pool:
            session = Session(
                connection,
                self.observer,
                pool,
                self.scenery.told.append,
                time.monotonic() + seconds,
                wait=True,
                abandoned=self.scenery.stop,
                sender=Sender(connection.client, StackId(self.scenery.name)),
            )
            probe(session, part, each, needs or Needs(), self.told.append)


def plugin(scenery: Scenery, node: Any) -> Manifest:
    """A DaemonSet on one node."""
    return scenery.workload(
        "DaemonSet", "plugin", nodeSelector={"kubernetes.io/hostname": node.name}
    )


def gpus(nodes: int, each: int) -> Needs:
    return Needs(gpu=GpuNeeds(nodes=nodes, perNode=each, resource=RESOURCE))


def test_resource_is_waited_for_on_the_nodes_of_the_daemon_set(scenery, node):
    """The wait names the node that has nothing yet, and ends when it has what is expected."""
    daemons = plugin(scenery, node)
    with scenery.observer() as observer:
        scenery.wait(scenery.apply(daemons), observer=observer)
        trial = Trial(scenery, observer, daemons)
        wanted = Probe(allocatable=RESOURCE)
        finish = in_background(lambda: trial.try_out(wanted, LONG, gpus(1, 8)))
        until(lambda: trial.told)
        node(7)
        until(lambda: len(trial.told) > 1)
        node(8)
        finish()
    assert trial.told == [
        f"{RESOURCE}: 0 of 8 allocatable, waiting for node {node.name}",
        f"{RESOURCE}: 7 of 8 allocatable, waiting for node {node.name} (7 of 8)",
    ]


def test_node_that_never_offers_the_resource(scenery, node):
    """At the deadline the node is named, and where its Pod's log is."""
    daemons = plugin(scenery, node)
    with scenery.observer() as observer:
        scenery.wait(scenery.apply(daemons), observer=observer)
        trial = Trial(scenery, observer, daemons)
        with pytest.raises(NotReadyError, match=f"waiting for node {node.name}") as caught:
            trial.try_out(Probe(allocatable=RESOURCE), 0.5)
    assert f"kubectl -n {scenery.name} logs plugin-" in caught.value.hint


def test_profile_that_expects_more_nodes(scenery, node):
    """Enough on each node is not enough when nodes are missing."""
    daemons = plugin(scenery, node)
    node(8)
    with scenery.observer() as observer:
        scenery.wait(scenery.apply(daemons), observer=observer)
        trial = Trial(scenery, observer, daemons)
        with pytest.raises(NotReadyError, match="8 of 16 allocatable, waiting for 1 more node"):
            trial.try_out(Probe(allocatable=RESOURCE), 0.5, gpus(2, 8))


def test_sample_is_accepted_and_not_stored(scenery):
    """An accepted object ends the wait and leaves nothing behind."""
    sample = scenery.thing("v1", "ConfigMap", "sample")
    with scenery.observer() as observer:
        Trial(scenery, observer).try_out(Probe(accepts="smoke/a.yaml"), LONG, **{
            "smoke/a.yaml": sample})  # fmt: skip
    assert scenery.client.get(scenery.path(sample)) is None


def test_sample_that_breaks_a_rule_fails_at_once(scenery):
    """A refusal that no waiting will change ends the wait, naming object, file and field."""
    sample = scenery.thing("v1", "ConfigMap", "sample", data={"no spaces": "x"})
    with (
        scenery.observer() as observer,
        pytest.raises(NotReadyError, match=r"a.yaml is not accepted: a trial ConfigMap: .*data\["),
    ):
        Trial(scenery, observer).try_out(Probe(accepts="a.yaml"), LONG, **{"a.yaml": sample})


def test_webhook_that_does_not_answer_is_waited_for(scenery):
    """An object guarded by a webhook is accepted when the webhook's Pods are ready."""
    crd, widget, config = scenery.definition(), scenery.widget(), guard(scenery)
    port = {"port": 443, "targetPort": 9443}
    service = scenery.thing(
        "v1", "Service", "guard", spec={"selector": {"app": "guard"}, "ports": [port]}
    )
    try:
        with scenery.observer() as observer:
            scenery.apply(service)
            scenery.wait(scenery.apply(config), observer=observer)
            trial = Trial(scenery, observer)
            finish = in_background(
                lambda: trial.try_out(Probe(accepts="w.yaml"), LONG, **{"w.yaml": widget})
            )
            until(lambda: "not served" in str(trial.told))
            scenery.apply(crd)
            until(lambda: "guard.example.com" in str(trial.told))
            scenery.apply(scenery.workload("Deployment", "guard"))
            finish()
    finally:
        scenery.client.delete(scenery.path(config))


def test_time_is_up_for_a_webhook(scenery):
    """At the deadline the webhook that did not answer is named."""
    crd, widget, config = scenery.definition(), scenery.widget(), guard(scenery)
    try:
        with scenery.observer() as observer:
            observer.wait_established([scenery.apply(crd)], **scenery.terms())
            scenery.wait(scenery.apply(config), observer=observer)
            with pytest.raises(NotReadyError, match=r"time is up, .*guard.example.com"):
                Trial(scenery, observer).try_out(
                    Probe(accepts="w.yaml"), SHORT, **{"w.yaml": widget}
                )
    finally:
        scenery.client.delete(scenery.path(config))


def guard(scenery: Scenery) -> Manifest:
    """A webhook that looks at every widget, behind a Service."""
    rule = {
        "apiGroups": [f"{scenery.name}.example.com"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["widgets"],
    }
    hook = {
        "name": "guard.example.com",
        "clientConfig": {"service": {"name": "guard", "namespace": scenery.name}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "rules": [rule],
    }
    api = "admissionregistration.k8s.io/v1"
    return scenery.thing(api, "ValidatingWebhookConfiguration", scenery.name, webhooks=[hook])
