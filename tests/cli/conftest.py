"""The program as a user runs it: a process, a terminal's text, an exit code."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.connection import Connection, connect
from stackctl.model.catalogue.envelope import DOCUMENTS_VERSION
from stackctl.model.documents.documents import document_schema
from stackctl.sandbox.lifecycle import UpResult
from stackctl.sources.yaml import load
from tests.documents import faults
from tests.sandboxes import sandbox_in

MANIFESTS = Path(__file__).parents[2] / "manifests"
KINDS = (
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/api/v1/namespaces",
)


@dataclass(frozen=True)
class Answer:
    """What a command came back with."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err


class Cli:
    """Runs `stackctl` against one cluster, with a home of its own."""

    def __init__(self, connection: Connection, kubeconfig: Path, home: Path) -> None:
        self.connection = connection
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "KUBECONFIG": str(kubeconfig),
            "PYTHONPATH": str(MANIFESTS.parent),
        }

    def __call__(self, *arguments: str, **environment: str) -> Answer:
        """Run one command."""
        done = subprocess.run(
            [sys.executable, "-m", "stackctl", *arguments],
            env=self.environment | environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        _require_described(done.stdout)
        return Answer(done.returncode, done.stdout, done.stderr)

    def objects(self) -> set[str]:
        """Name everything of the cluster that a stack could leave behind."""
        return {
            f"{path}/{item['metadata']['name']}"
            for path in KINDS
            for item in self.connection.client.list(path, metadata_only=True).items
        }

    def create(self, component: str, file: str, namespace: str = "default") -> None:
        """Create what a user would: an object of a component's `smoke` folder."""
        path = MANIFESTS / component / "smoke" / file
        manifest = load(path.read_text(), str(path))
        manifest["metadata"]["namespace"] = namespace
        self.connection.discovery.refresh()
        kind = self.connection.discovery.path_of(manifest).rpartition("/")[0]
        self.connection.client.create(kind, manifest)


def _require_described(printed: str) -> None:
    """Hold every document of ours against its schema, whatever else a test is about."""
    if printed.startswith("{") and DOCUMENTS_VERSION in printed.partition('\n  "kind"')[0]:
        found = json.loads(printed)
        assert faults(found, document_schema(found["kind"])) == []


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpResult]:
    """A running sandbox for the whole tier."""
    with sandbox_in(tmp_path_factory.mktemp("state")) as result:
        yield result


@pytest.fixture
def cli(sandbox: UpResult, tmp_path: Path) -> Iterator[Cli]:
    """The program, pointed at the sandbox."""
    access = find_access(kubeconfig=str(sandbox.kubeconfig), context=None, env={})
    connection = connect(access, lambda _: None, threading.Event())
    yield Cli(connection, sandbox.kubeconfig, tmp_path)
    connection.client.close()
