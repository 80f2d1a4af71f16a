"""Where the API server's connections go."""

from typing import Any

import pytest

from stackctl.sandbox.agent.webhooks.addresses import Destination, Way, World, resolve

Objects = dict[str, Any]


def service(name: str = "guard", ip: str = "10.96.0.9", **spec: Any) -> Objects:
    ports = [{"name": "https", "port": 443}, {"name": "metrics", "port": 8080}]
    return {
        "metadata": {"namespace": "ml", "name": name},
        "spec": {"clusterIPs": [ip], "ports": ports} | spec,
    }


def endpoints(*ready: bool | None, of: str = "guard", port: str = "https", **rest: Any) -> Objects:
    return {
        "metadata": {"namespace": "ml", "labels": {"kubernetes.io/service-name": of}},
        "ports": [{"name": port, "port": 9443}],
        "endpoints": [
            {"addresses": [f"10.244.0.{index}"], "conditions": {"ready": value}}
            for index, value in enumerate(ready, 1)
        ],
    } | rest


NODE: Objects = {
    "metadata": {"name": "gpu-0"},
    "status": {
        "addresses": [{"type": "InternalIP", "address": "10.128.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    },
}


@pytest.mark.parametrize(
    "slices",
    [
        [],
        [endpoints()],
        [endpoints(False)],
        [endpoints(True, port="metrics")],
        [endpoints(True, of="other")],
        [endpoints(True) | {"metadata": endpoints(True)["metadata"] | {"namespace": "else"}}],
    ],
    ids=["no slice", "empty", "not ready", "another port", "another service", "elsewhere"],
)
def test_a_service_refuses_without_a_ready_endpoint(slices):
    """As on a real network nobody answers for a Service while no Pod behind its port is ready."""
    found = resolve("10.96.0.9", 443, World([service()], slices))
    assert found == Destination(
        Way.REFUSED, "ml/guard", reason='no endpoints available for service "ml/guard"'
    )


@pytest.mark.parametrize("ready", [True, None])
def test_one_ready_endpoint_is_enough(ready):
    """A condition that is not known counts as ready, and Pods that are not do not matter."""
    found = resolve("10.96.0.9", 443, World([service()], [endpoints(False, ready)]))
    assert found == Destination(Way.SIMULATED, "ml/guard")


def test_a_port_the_service_does_not_have_is_refused():
    """A ready Pod does not help a call to the wrong port."""
    found = resolve("10.96.0.9", 8443, World([service()], [endpoints(True)]))
    assert (found.way, found.reason) == (Way.REFUSED, 'service "ml/guard" has no port 8443')


def test_ports_without_a_name_are_matched():
    """A Service with one port need not name it, and its EndpointSlices do not either."""
    unnamed = service(ports=[{"port": 443}])
    piece = endpoints(True, ports=[{"name": "", "port": 9443}])
    assert resolve("10.96.0.9", 443, World([unnamed], [piece])).way is Way.SIMULATED


def test_a_registered_process_is_called_once_a_pod_is_ready():
    """Registering a process does not make its Service ready."""
    routes = {"ml/guard": "127.0.0.1:9443"}
    ready = World([service()], [endpoints(True)], routes=routes)
    assert resolve("10.96.0.9", 443, ready) == Destination(
        Way.LOCAL, "ml/guard", address="127.0.0.1:9443"
    )
    assert resolve("10.96.0.9", 443, World([service()], [], routes=routes)).way is Way.REFUSED


@pytest.mark.parametrize("host", ["guard.ml.svc", "guard.ml.svc.cluster.local"])
def test_a_service_is_known_by_its_name(host):
    """Some callers give the DNS name instead of the address."""
    assert resolve(host, 443, World([service()], [endpoints(True)])).target == "ml/guard"


def test_a_pod_address_leads_to_the_service_behind_it():
    """Callers that choose an endpoint themselves reach the same process."""
    world = World([service()], [endpoints(False, True)], routes={"ml/guard": "127.0.0.1:1"})
    assert resolve("10.244.0.2", 9443, world).way is Way.LOCAL
    assert resolve("10.244.0.1", 9443, world).way is Way.REFUSED


@pytest.mark.parametrize(("phase", "way"), [("Running", Way.SIMULATED), ("Pending", Way.REFUSED)])
def test_a_pod_of_no_service_answers_while_it_runs(phase, way):
    """The API server's Pod proxy needs no Service."""
    pod = {
        "metadata": {"namespace": "ml", "name": "p"},
        "status": {"podIP": "10.244.0.7", "phase": phase},
    }
    found = resolve("10.244.0.7", 80, World(pods=[pod]))
    assert (found.way, found.target) == (way, "pod ml/p")


def test_a_node_has_a_kubelet_and_nothing_else():
    """Logs are asked for at the kubelet's port; no other port of a simulated node is open."""
    world = World(nodes=[NODE])
    assert resolve("10.128.0.1", 10250, world).way is Way.KUBELET
    assert resolve("10.128.0.1", 22, world).way is Way.REFUSED


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("127.0.0.1", 9443, Destination(Way.DIRECT, "127.0.0.1", address="127.0.0.1:9443")),
        ("::1", 9443, Destination(Way.DIRECT, "::1", address="[::1]:9443")),
        (
            "hooks.example.com",
            443,
            Destination(Way.DIRECT, "hooks.example.com", address="hooks.example.com:443"),
        ),
        (
            "10.96.200.1",
            443,
            Destination(
                Way.REFUSED, "10.96.200.1", reason="nothing in the sandbox has this address"
            ),
        ),
    ],
)
def test_addresses_outside_the_cluster(host, port, expected):
    """A webhook may be an address on this machine or outside; inside, unknown ones are nobody's."""
    assert resolve(host, port, World([service()], [endpoints(True)])) == expected
