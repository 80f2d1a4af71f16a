"""Plain questions to the sandbox's own API server: one try, no patience.

Waiting and trying again is what `readiness` is about; `api.client` would do it on its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackctl.api.access.credentials import Credentials
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.http.guard import Hold
from stackctl.api.http.transport import Sending, Transport, TransportFault

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What came back; status 0 when nothing did."""

    status: int
    document: Any = None

    @property
    def ok(self) -> bool:
        """The server did what was asked."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """Why it did not."""
        document = self.document if isinstance(self.document, Mapping) else {}
        return str(document.get("message") or self.document or f"status {self.status}")


class Server:
    """The API server that a kubeconfig leads to."""

    def __init__(self, kubeconfig: Path) -> None:
        access = find_access(kubeconfig=str(kubeconfig), context=None, env={})
        self._identity = Credentials(access, env={}).identity()
        self._transport = Transport(access)

    def ask(self, method: str, path: str, body: object = None, kind: str = "json") -> ServerAnswer:
        """Send one request."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = f"application/{kind}"
        content = None if body is None else json.dumps(body).encode()
        sending = Sending(method, path, tuple(headers.items()), content, _SECONDS)
        try:
            response = self._transport.send(sending, self._identity, Hold(lambda: False))
        except TransportFault as fault:
            return ServerAnswer(0, str(fault))
        return ServerAnswer(response.status, _decode(response.data))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
