"""What a real API server says it serves."""

import time
from collections.abc import Iterator

import pytest

from stackctl.api.client import Client
from stackctl.api.discovery import Discovery, read_served
from stackctl.errors import ClusterError, NotServed
from stackctl.model.objects.refs import Manifest

SOON = 20.0  # seconds; far more than anything here takes
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


def test_kinds_are_found_with_their_paths(client):
    """A kind leads to the paths of its objects, by scope and version."""
    discovery = Discovery(client)
    before = client.requests
    deployment = discovery.find("apps", "Deployment")
    node = discovery.find("", "Node", "v1")
    assert deployment is not None
    assert node is not None
    assert deployment.path("ml", "x") == "/apis/apps/v1/namespaces/ml/deployments/x"
    assert deployment.path() == "/apis/apps/v1/deployments"
    assert node.path("", "a") == "/api/v1/nodes/a"
    assert "scale" in deployment.subresources
    assert {"list", "watch", "patch"} <= deployment.verbs
    assert discovery.find("apps", "Deployment", "v1beta1") is None
    assert client.requests == before + 2


def test_the_old_form_says_the_same(client):
    """Where the server cannot say it all at once, asking group by group gives the same."""
    old = read_served(client, accept="application/json")
    assert set(old.resources) == set(read_served(client).resources)
    assert old.broken == frozenset()


def test_an_object_leads_to_its_path(client):
    """A manifest is found by its kind and version; what is not served is told."""
    discovery = Discovery(client)
    config: Manifest = {"apiVersion": "v1", "kind": "ConfigMap"}
    config["metadata"] = {"name": "a", "namespace": "ml"}
    assert discovery.path_of(config) == "/api/v1/namespaces/ml/configmaps/a"
    with pytest.raises(NotServed, match="does not serve ConfigMap of v2"):
        discovery.path_of(config | {"apiVersion": "v2"})
    with pytest.raises(ClusterError, match="name one"):
        discovery.path_of(config | {"metadata": {"name": "a"}})


@pytest.fixture
def definition(client: Client) -> Iterator[Manifest]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.discovery.example.com"},
        "spec": {
            "group": "discovery.example.com",
            "names": {"plural": "lamps", "kind": "Lamp"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }
    yield crd
    client.delete(f"{CRDS}/lamps.discovery.example.com")


def test_a_new_kind_is_known_after_a_refresh(client, definition):
    """Kinds are remembered until they are asked for again."""
    discovery = Discovery(client)
    assert discovery.find("discovery.example.com", "Lamp") is None
    client.create(CRDS, definition)
    assert discovery.find("discovery.example.com", "Lamp") is None
    assert _until(discovery, lambda: discovery.find("discovery.example.com", "Lamp") is not None)


@pytest.fixture
def orphan(client: Client) -> Iterator[str]:
    name = "v1.orphan.example.com"
    spec = {
        "group": "orphan.example.com",
        "version": "v1",
        "groupPriorityMinimum": 1000,
        "versionPriority": 10,
        "service": {"name": "nobody", "namespace": "default"},
        "insecureSkipTLSVerify": True,
    }
    service = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "spec": spec}
    client.create(SERVICES, service | {"metadata": {"name": name}})
    yield "orphan.example.com/v1"
    client.delete(f"{SERVICES}/{name}")


def test_an_api_whose_server_is_down_is_left_out(client, orphan):
    """A broken aggregated API is known as such and hides nothing else."""
    discovery = Discovery(client)
    assert _until(discovery, lambda: orphan in discovery.broken)
    assert discovery.find("apps", "Deployment") is not None
    old = read_served(client, accept="application/json")
    assert orphan in old.broken
    assert any(resource.kind == "Deployment" for resource in old.resources)


def _until(discovery: Discovery, holds) -> bool:
    """Ask again until the server has noticed."""
    until = time.monotonic() + SOON
    while not holds() and time.monotonic() < until:
        discovery.refresh()
    return bool(holds())
