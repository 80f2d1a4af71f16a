"""Which local process answers for which Service: the file `routes.json`, read when it changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from stackctl.sandbox.agent.log import Log


class Routes:
    """The registered processes, as `{"namespace/service": "host:port"}`."""

    def __init__(self, path: Path, log: Log) -> None:
        self._path = path
        self._log = log
        self._reading = Lock()
        self._seen: tuple[int, ...] | None = None
        self._current: Mapping[str, str] = {}

    def read(self) -> Mapping[str, str]:
        """Return the routes as the file says now; a file that makes no sense changes nothing."""
        with self._reading:
            if (stamp := self._stamp()) != self._seen:
                self._seen = stamp
                self._take(self._load())
            return self._current

    def _take(self, routes: Mapping[str, str]) -> None:
        if routes != self._current:
            self._current = routes
            self._log(f"routes: {dict(routes) or 'none'}")

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def _load(self) -> Mapping[str, str]:
        try:
            document = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            self._log(f"{self._path.name} is not JSON ({error}); the routes stay as they were")
            return self._current
        if not _is_routes(document):
            self._log(f'{self._path.name}: expected {{"namespace/service": "host:port"}}')
            return self._current
        return dict(document)


def _is_routes(document: Any) -> bool:
    return isinstance(document, dict) and all(
        name.count("/") == 1 and isinstance(address, str) and address.rpartition(":")[2].isdigit()
        for name, address in document.items()
    )
