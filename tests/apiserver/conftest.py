"""One sandbox for the whole tier; every test works in a namespace of its own."""

import itertools
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.api.discovery import Discovery
from stackctl.cluster.connection import Connection, connect
from stackctl.sandbox.lifecycle import UpResult
from tests.apiserver.faults import FaultProxy
from tests.apiserver.programs import built
from tests.apiserver.shipped import COMPONENTS, MANIFESTS, connected
from tests.apiserver.stacks import Stack, behind
from tests.sandboxes import sandbox_in

_NUMBERS = itertools.count(1)
_STARTED: list[Path] = []  # the kubeconfig of the sandbox, once there is one
_NAMESPACE = re.compile(r"^  namespace: (\S+)$", re.MULTILINE)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpResult]:
    """A running sandbox with two nodes of eight GPUs and one without."""
    with sandbox_in(tmp_path_factory.mktemp("state")) as result:
        _STARTED.append(result.kubeconfig)
        yield result


@pytest.fixture(scope="module", autouse=True)
def tidy() -> Iterator[None]:
    """Blame who leaves a component's namespace, not who finds it: it was there before, and stays.

    Which tests share a sandbox, and in which order, is another matter each time.
    """
    yield
    for kubeconfig in _STARTED:
        with connected(kubeconfig) as connection:
            namespaces = connection.client.list("/api/v1/namespaces").items
        assert {each["metadata"]["name"] for each in namespaces} & component_namespaces() == set()


def component_namespaces() -> set[str]:
    """Name what the shipped components live in, and nothing else does."""
    files = [MANIFESTS / name / "component.yaml" for name in COMPONENTS]
    found = {name for file in files for name in _NAMESPACE.findall(file.read_text("utf-8"))}
    return found - {"default"}


@pytest.fixture(scope="session")
def kubeconfig(sandbox: UpResult) -> Path:
    """The administrator's kubeconfig."""
    return sandbox.kubeconfig


@pytest.fixture
def connection(kubeconfig: Path) -> Iterator[Connection]:
    """A connection as the commands open one."""
    access = find_access(kubeconfig=str(kubeconfig), context=None, env={})
    opened = connect(access, lambda _: None, threading.Event())
    yield opened
    opened.client.close()


@pytest.fixture
def client(connection: Connection) -> Client:
    """The connection's client."""
    return connection.client


@pytest.fixture
def discovery(connection: Connection) -> Discovery:
    """What the API server serves."""
    return connection.discovery


@pytest.fixture
def stack(connection: Connection) -> Stack:
    """An empty stack with a name that no other test uses.

    Somebody's ConfigMap keeps the namespace of the records from going with each test's only
    stack: Kubernetes takes five seconds to delete a namespace.
    """
    made = Stack(connection, f"stack-{next(_NUMBERS)}")
    made.keep_record_namespace()
    return made


@pytest.fixture
def proxy(client: Client) -> Iterator[FaultProxy]:
    """A way to the API server that can be made a bad one."""
    with FaultProxy(client.access) as running:
        yield running


@pytest.fixture
def far(proxy: FaultProxy, stack: Stack) -> Iterator[Stack]:
    """The stack, reached through the proxy."""
    with behind(proxy.access, stack) as there:
        yield there


@pytest.fixture
def real_helm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Real Helm, with folders of its own."""
    monkeypatch.setenv("STACKCTL_HELM", str(built("helm.sh/helm/v4/cmd/helm", "v4.3.1")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for each in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"HELM_{each}_HOME", str(tmp_path / "helm" / each.lower()))
