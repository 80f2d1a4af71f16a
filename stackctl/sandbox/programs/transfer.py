"""Reads files from web servers: quick to see that there is no network, able to continue.

urllib3 is used in here and nowhere else in the sandbox.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stackctl.api.wire.proxies import proxy_for
from stackctl.files import exists
from stackctl.model.objects.wording import span
from stackctl.sandbox.programs.sources import SourceUnavailable

if TYPE_CHECKING:
    import urllib3

_CONNECT_SECONDS = 4.0
_READ_SECONDS = 30.0
_BLOCK = 1 << 18
_ATTEMPTS = 3
_TEXT_LIMIT = 1 << 20


class FileMissing(Exception):
    """The server has no such file."""


class Truncated(Exception):
    """The connection ended before the file did; what came is kept."""

    def __init__(self, expected: int, got: int, reason: str) -> None:
        super().__init__(reason)
        self.expected = expected
        self.got = got
        self.reason = reason


class Web:
    """A client for a few large files."""

    def read(self, url: str) -> str:
        """Return a small text."""
        import urllib3

        response = self._open(url, {})
        try:
            return response.read(_TEXT_LIMIT).decode("utf-8", "replace")
        except urllib3.exceptions.HTTPError as error:
            raise SourceUnavailable(f"{url}: {_reason(error)}") from error
        finally:
            response.close()

    def fetch(self, url: str, path: Path, progress: Callable[[int, int], None]) -> None:
        """Write a file, continuing what is there; a broken connection is tried again."""
        for attempt in range(1, _ATTEMPTS + 1):
            before = _size(path)
            try:
                return self._fetch_once(url, path, progress)
            except Truncated:
                # Trying again is worth it only where the last attempt got somewhere.
                if attempt == _ATTEMPTS or _size(path) <= before:
                    raise
        return None

    def _fetch_once(self, url: str, path: Path, progress: Callable[[int, int], None]) -> None:
        import urllib3

        begun = _size(path)
        response = self._open(url, {"Range": f"bytes={begun}-"} if begun else {})
        if response.status != 206:
            begun = 0
        total = begun + int(response.headers.get("Content-Length", 0))
        got = begun
        try:
            with path.open("ab" if begun else "wb") as file:
                progress(got, total)
                for block in response.stream(_BLOCK, decode_content=False):
                    got += file.write(block)
                    progress(got, total)
        except urllib3.exceptions.HTTPError as error:
            raise Truncated(total, got, _reason(error)) from error
        finally:
            response.close()

    def _open(self, url: str, headers: dict[str, str]) -> "urllib3.BaseHTTPResponse":
        import urllib3

        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        retries = urllib3.Retry(connect=0, read=0, status=0, other=0, redirect=5)
        sent = {"User-Agent": "stackctl", "Accept-Encoding": "identity", **headers}
        try:
            response = _pool(url).request(
                "GET", url, headers=sent, timeout=timeout, retries=retries, preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise SourceUnavailable(f"{url} is unreachable: {_reason(error)}") from error
        return self._checked(url, response, headers)

    def _checked(
        self, url: str, response: "urllib3.BaseHTTPResponse", headers: dict[str, str]
    ) -> "urllib3.BaseHTTPResponse":
        if response.status in (200, 206):
            return response
        response.close()
        if response.status == 416 and headers:  # what we have is longer than the file
            return self._open(url, {})
        if response.status in (404, 410):
            raise FileMissing(f"{url}: not found ({response.status})")
        raise SourceUnavailable(f"{url}: the server answers {response.status} {response.reason}")


def _pool(url: str) -> "urllib3.PoolManager":
    import urllib3

    if proxy := proxy_for(url, os.environ):
        return urllib3.ProxyManager(proxy)
    _resolve(url, urlsplit(url).hostname or "")
    return urllib3.PoolManager()


def _resolve(url: str, host: str) -> None:
    """Fail soon where names are not answered: the system's resolver may take half a minute."""
    import socket

    answers: list[str] = []

    def ask() -> None:
        try:
            socket.getaddrinfo(host, None)
            answers.append("")
        except OSError as error:
            answers.append(error.strerror or str(error))

    # A daemon, so that an answer nobody waits for does not keep the program from ending.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_CONNECT_SECONDS)
    reason = answers[0] if answers else f"no answer for {span(_CONNECT_SECONDS)}"
    if reason:
        raise SourceUnavailable(f"{url} is unreachable: {host}: {reason}")


def _size(path: Path) -> int:
    return path.stat().st_size if exists(path) else 0


def _reason(error: Exception) -> str:
    """Return what happened in the fewest words that urllib3 has for it."""
    import urllib3

    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason:
        return _reason(error.reason)
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return str(error).rpartition(": ")[2].rpartition("] ")[2]  # "[Errno 111] Connection …"
    return str(error)
