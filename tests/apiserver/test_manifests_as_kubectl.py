"""Manifests are understood as kubectl understands them: the same verdict, the same object.

Drawn are objects that work with one of their fields replaced. Left out is where the two differ on
purpose: a null in a list, in a selector or as a quantity is refused before a server makes something
of it.
"""

import json
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.errors import Rejected
from stackctl.model.objects import paths
from stackctl.model.objects.normalise import normalised
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.sources import yaml
from tests.bench.rivals import kubectl

ODD: list[Any] = [None, "", "x", "1", 5, 0.25, True, [], ["x"], {}, {"x": "y"}, 1e20]
OBJECTS = [
    yaml.load(text)
    for text in (
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: y}}, data: {a: b}, "
            "immutable: false}"
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {x: y}}, "
            "stringData: {a: b}, data: {c: ZA==}, type: Opaque}"
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {a: b}, "
            "ports: [{name: web, port: 80, targetPort: http}]}}"
        ),
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: "
            "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}"
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, "
            "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}"
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1, "
            "selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: "
            "{containers: [{name: m, image: 'i:1', args: [x], env: [{name: A, value: b}], "
            "ports: [{containerPort: 80}], resources: {limits: {cpu: 0.5, memory: 1Gi}}}], "
            "volumes: [{name: v, emptyDir: {}}], nodeSelector: {a: b}}}}}"
        ),
    )
]

# Where a null says something else to a server than that there is nothing.
NO_NULLS = frozenset({"limits", "requests", "selector", "matchLabels", "nodeSelector"})


def spots(value: Any, at: paths.Path = ()) -> Iterator[paths.Path]:
    """Yield where in a value there is something to be replaced."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in entries:
        yield (*at, key)
        if isinstance(item, dict | list):
            yield from spots(item, (*at, key))


SPOTS = [
    (index, spot)
    for index, manifest in enumerate(OBJECTS)
    for spot in spots(manifest)
    if spot[0] not in ("apiVersion", "kind") and spot not in (("metadata",), ("metadata", "name"))
]


@pytest.fixture(scope="module")
def program() -> str:
    """The program that is asked."""
    found = kubectl()
    if found is None:
        pytest.skip("there is no kubectl, and none can be had")
    return found


def by_kubectl(program: str, kubeconfig: Path, manifest: Manifest) -> Manifest | None:
    """Return what would be stored, None where it is refused."""
    done = subprocess.run(
        [program, f"--kubeconfig={kubeconfig}", "apply", "--server-side", "--dry-run=server",
         "--namespace=default", "--field-manager=tests", "--output=json", "--filename=-"],
        input=json.dumps(manifest), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return None if done.returncode else stored(json.loads(done.stdout))


def by_us(client: Client, discovery: Discovery, manifest: Manifest) -> Manifest | None:
    """Return what would be stored, None where it is refused by us or by the server."""
    if object_problems(manifest):
        return None
    sent = normalised(manifest, "default", {})
    try:
        return stored(client.apply(discovery.path_of(sent), sent, manager="tests", dry_run=True))
    except Rejected:
        return None


def stored(answer: Manifest) -> Manifest:
    """Leave out what is another one each time."""
    metadata = answer["metadata"]
    kept = {key: metadata[key] for key in ("name", "labels", "annotations") if key in metadata}
    return answer | {"metadata": kept}


def test_a_field_of_another_kind_has_the_same_verdict_and_object(
    program: str, kubeconfig: Path, client: Client, discovery: Discovery
) -> None:
    """Neither more lenient nor stricter, and nothing becomes something else on the way."""

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much],
    )
    @given(st.sampled_from(SPOTS), st.sampled_from(ODD))
    def agree(spot: tuple[int, paths.Path], value: Any) -> None:
        index, path = spot
        null_counts = isinstance(path[-1], int) or not NO_NULLS.isdisjoint(path[-2:-1])
        assume(value is not None or not null_counts)
        manifest = paths.put(deepcopy(OBJECTS[index]), path, value)
        theirs = by_kubectl(program, kubeconfig, manifest)
        assert by_us(client, discovery, manifest) == theirs, (path, value)

    agree()
