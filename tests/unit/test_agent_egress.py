"""The proxy on the Unix socket, and the responder behind it, as an API server uses them."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from stackctl.sandbox.agent.webhooks.addresses import Destination, Way
from stackctl.sandbox.agent.webhooks.authority import Authority
from stackctl.sandbox.agent.webhooks.egress import Egress
from stackctl.sandbox.agent.webhooks.responder import Responder
from stackctl.sandbox.agent.webhooks.routes import Routes
from stackctl.sandbox.machine.places import Sandbox
from stackctl.sandbox.plane import pki

HOST = "guard.ml.svc"
REVIEW = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}}


class Network:
    """An egress whose answers the test decides."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.destination = Destination(Way.SIMULATED, "ml/guard")
        self.trouble = ""
        self.log: list[str] = []
        self.path = folder / "egress.sock"
        self.egress = Egress(
            self.path,
            lambda _host, _port: self.destination,
            Responder(authority, self.log.append).respond,
            lambda: self.trouble,
            self.log.append,
        )

    def ask(self, text: str) -> tuple[socket.socket, str]:
        """Say something on a new connection and return it with the head of the answer."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        connection.connect(str(self.path))
        connection.sendall(text.encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
            head += byte
        return connection, head.decode()

    def connect(self, address: str = "10.96.0.9:443") -> tuple[socket.socket, str]:
        """Do what an API server does first."""
        return self.ask(f"CONNECT {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("ca")
    pki.issue_all(Sandbox("test", folder))
    return Authority(folder / "ca.crt", folder / "ca.key")


@pytest.fixture
def network(tmp_path: Path, authority: Authority) -> Iterator[Network]:
    made = Network(tmp_path, authority)
    made.egress.listen()
    yield made
    made.egress.close()


def secure(connection: socket.socket, authority: Authority, host: str = HOST) -> HTTPConnection:
    """Speak TLS as a caller who trusts the sandbox's CA."""
    context = ssl.create_default_context(cadata=authority.bundle.decode())
    client = HTTPConnection(host)
    client.sock = context.wrap_socket(connection, server_hostname=host)
    return client


def review(client: HTTPConnection) -> HTTPResponse:
    client.request("POST", "/validate", json.dumps(REVIEW))
    return client.getresponse()


def test_a_webhook_is_answered_over_one_connection(network, authority):
    """The certificate is for the name that was asked for, and the connection is kept."""
    connection, head = network.connect()
    assert head.startswith("HTTP/1.1 200 ")
    client = secure(connection, authority)
    for _ in range(2):
        answer = review(client)
        assert json.loads(answer.read())["response"] == {"uid": "u", "allowed": True}
    client.close()
    assert all(line.startswith("simulated: ml/guard: POST /validate: 200") for line in network.log)


def test_what_nobody_simulates_is_said_to_be_so(network, authority):
    """An aggregated API gets an honest error instead of a made-up answer."""
    client = secure(network.connect()[0], authority)
    client.request("GET", "/apis/metrics.example.com/v1")
    answer = client.getresponse()
    assert answer.status == 503
    assert "simulated" in json.loads(answer.read())["message"]
    client.close()


def test_a_kubelet_has_no_logs_but_says_why(network, authority):
    """Reading a simulated container's log is no error."""
    network.destination = Destination(Way.KUBELET, "node gpu-0")
    client = secure(network.connect("10.128.0.1:10250")[0], authority, "10.128.0.1")
    client.request("GET", "/containerLogs/ml/p/c?tailLines=5")
    answer = client.getresponse()
    assert (answer.status, answer.read()[:10]) == (200, b"simulated:")
    client.close()


def test_a_refusal_reads_like_a_refused_connection(network):
    """The API server repeats the status line, so that is where the reason is."""
    network.destination = Destination(Way.REFUSED, "ml/guard", reason="no endpoints available")
    connection, head = network.connect()
    connection.close()
    assert head.splitlines()[0] == (
        "HTTP/1.1 503 dial tcp 10.96.0.9:443: connect: connection refused: no endpoints available"
    )


def test_bytes_pass_to_a_registered_process(network):
    """Both directions are passed on, and the end of one is told to the other side."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        network.destination = Destination(Way.LOCAL, "ml/guard", address=f"127.0.0.1:{port}")
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        connection, head = network.connect()
        assert head.startswith("HTTP/1.1 200 ")
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: connection.recv(100), b"")) == b"olleh"
        connection.close()


def _echo(server: socket.socket) -> None:
    peer, _ = server.accept()
    with peer:
        peer.sendall(b"".join(iter(lambda: peer.recv(100), b""))[::-1])


def test_a_process_that_does_not_listen_is_named(network):
    """A route to nowhere is the user's to mend, so the refusal says where it leads."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    network.destination = Destination(Way.LOCAL, "ml/guard", address=address)
    connection, head = network.connect()
    connection.close()
    assert f"connection refused: ml/guard is to be at {address}" in head


def test_connections_break_when_the_way_changes(network, authority):
    """A kept connection to a Pod that is gone would answer in its place."""
    client = secure(network.connect()[0], authority)
    review(client).read()
    network.egress.recheck()
    review(client).read()
    network.destination = Destination(Way.REFUSED, "ml/guard", reason="gone")
    network.egress.recheck()
    assert client.sock.recv(1) == b""
    client.close()


@pytest.mark.parametrize(("trouble", "status"), [("", 200), ("not read yet: pods", 503)])
def test_the_socket_tells_whether_the_agent_is_well(network, trouble, status):
    """Anybody who can open the socket can ask."""
    network.trouble = trouble
    connection, head = network.ask("GET /healthz HTTP/1.1\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert connection.recv(100).decode().strip() == (trouble or "ok")
    connection.close()


def test_routes_are_read_again_when_the_file_changes(tmp_path):
    """A file that makes no sense leaves the routes as they are; one that is gone ends them."""
    log: list[str] = []
    path = tmp_path / "routes.json"
    routes = Routes(path, log.append)
    assert routes.read() == {}
    path.write_text('{"ml/guard": "127.0.0.1:9443"}')
    assert routes.read() == {"ml/guard": "127.0.0.1:9443"}
    path.write_text('{"ml/guard": 9443}')
    assert routes.read() == {"ml/guard": "127.0.0.1:9443"}
    path.write_text("{")
    assert routes.read() == {"ml/guard": "127.0.0.1:9443"}
    path.unlink()
    assert routes.read() == {}
    assert [line.split(":")[0] for line in log] == [
        "routes",
        "routes.json",
        "routes.json is not JSON (Expecting property name enclosed in double quotes",
        "routes",
    ]
