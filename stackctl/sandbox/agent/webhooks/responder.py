"""Answers for Services behind which nothing real runs, and says in the log that it did.

A TLS server inside a connection that `egress` accepted. What the answers are is in `review`.
"""

import json
import socket
import ssl
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from stackctl.sandbox.agent.log import Log
from stackctl.sandbox.agent.webhooks.addresses import Destination, Way
from stackctl.sandbox.agent.webhooks.authority import Authority
from stackctl.sandbox.agent.webhooks.review import answer

_HANDSHAKE = b"\x16"  # the first byte of TLS
_IDLE_SECONDS = 300.0
_LOGS = "simulated: the sandbox's containers do not run, so they write nothing\n"


class Responder:
    """Serves one connection after the other, each in its caller's thread."""

    def __init__(self, authority: Authority, log: Log) -> None:
        self._authority = authority
        self._log = log

    def respond(self, connection: socket.socket, destination: Destination, host: str) -> None:
        """Answer requests until the other side has no more."""
        connection.settimeout(_IDLE_SECONDS)
        if connection.recv(1, socket.MSG_PEEK) != _HANDSHAKE:
            _Conversation(connection, destination, self._log)
            return
        try:
            secure = self._context(host).wrap_socket(connection, server_side=True)
        except ssl.SSLError as error:
            # A caller with another CA in its caBundle ends here.
            self._log(f"simulated: {destination.target}: TLS failed: {error.reason}")
            return
        with secure, suppress(ssl.SSLError):
            _Conversation(secure, destination, self._log)

    def _context(self, host: str) -> ssl.SSLContext:
        """Prepare TLS with a certificate for the name that the caller will ask for."""

        def choose(secure: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            # Callers of an address give no name.
            secure.context = self._authority.context(name or host)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        return context


class _Conversation(BaseHTTPRequestHandler):
    """The requests of one connection; constructing it serves them all."""

    protocol_version = "HTTP/1.1"
    server_version = "stackctl-sandbox-agent"
    sys_version = ""

    def __init__(self, connection: socket.socket, destination: Destination, log: Log) -> None:
        self._destination = destination
        self._log = log
        # Nothing in the base class asks the server for anything.
        super().__init__(connection, ("", 0), None)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        """Answer webhooks."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        try:
            reply = answer(json.loads(body))
        except ValueError:
            reply = None
        if reply is None:
            self._deny(HTTPStatus.NOT_FOUND)
        else:
            self._say(HTTPStatus.OK, reply.summary)
            self._send(HTTPStatus.OK, json.dumps(reply.document), "application/json")

    def do_GET(self) -> None:
        """Answer for a kubelet; nobody else has anything to show."""
        path = urlsplit(self.path).path
        kubelet = self._destination.way is Way.KUBELET
        if kubelet and path.startswith("/containerLogs/"):
            self._say(HTTPStatus.OK, "no log")
            self._send(HTTPStatus.OK, _LOGS, "text/plain")
        elif kubelet and path == "/healthz":
            self._send(HTTPStatus.OK, "ok", "text/plain")
        else:
            self._deny(HTTPStatus.NOT_IMPLEMENTED if kubelet else HTTPStatus.SERVICE_UNAVAILABLE)

    def _deny(self, status: HTTPStatus) -> None:
        text = f"{self._destination.target} is simulated by the sandbox: nothing real answers"
        self._say(status, "nothing to say")
        document = {
            "apiVersion": "v1",
            "kind": "Status",
            "status": "Failure",
            "reason": status.phrase.replace(" ", ""),
            "message": text,
            "code": int(status),
        }
        # What was sent along may not have been read.
        self.close_connection = True
        self._send(status, json.dumps(document), "application/json")

    def _send(self, status: HTTPStatus, text: str, content_type: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _say(self, status: HTTPStatus, summary: str) -> None:
        path = urlsplit(self.path).path
        self._log(
            f"simulated: {self._destination.target}: {self.command} {path}: {status} {summary}"
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing more: each answer is logged in full."""
