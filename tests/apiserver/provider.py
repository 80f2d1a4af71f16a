"""An OpenID provider that renews tokens, and knows with what it was asked to."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Provider(ThreadingHTTPServer):
    """Gives an ID token for each of its refresh tokens, once; a context manager."""

    daemon_threads = True

    def __init__(self, id_token: str, *, in_header: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.id_token = id_token
        self.in_header = in_header  # where it wants to be told who asks
        self.valid = "refresh-token-0"
        self.asked: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.server_address[1]}/realm"

    def server_close(self) -> None:
        """Stop for good."""
        self.shutdown()
        super().server_close()


class _Answer(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Say where tokens are."""
        known = self.path == "/realm/.well-known/openid-configuration"
        self._send(200 if known else 404, {"token_endpoint": f"{self.server.issuer}/token?v=2"})

    def do_POST(self) -> None:
        """Give tokens to who knows the last refresh token, and says who asks in the right place."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        self.server.asked.append(form)
        pair = f"{form.get('client_id')}:{form.get('client_secret')}"
        if self.server.in_header:
            pair = base64.b64decode(
                self.headers.get("Authorization", "").partition(" ")[2]
            ).decode()
        if pair != "stackctl:cl1ent-s3cret":
            return self._send(401, {"error": "invalid_client"})
        if form["refresh_token"] != self.server.valid:
            return self._send(400, {"error": "invalid_grant", "error_description": body})
        self.server.valid = f"refresh-token-{len(self.server.asked)}"
        given = {"id_token": self.server.id_token, "refresh_token": self.server.valid}
        return self._send(200, given | {"access_token": "x", "token_type": "Bearer"})

    def _send(self, status: int, document: dict[str, str]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
