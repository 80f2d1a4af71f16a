"""As fast as one PATCH for each object can be: sixteen threads that do nothing else.

Run as `python -m tests.bench.bare FILE`, with one `path<TAB>object` on each line and an empty
line after the namespaces. Nothing is looked at, planned, recorded, repeated or waited for.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Credentials
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.http.transport import tls_context

THREADS = 16
QUERY = "?fieldManager=bare&fieldValidation=Strict"
HEADERS = {"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"}


class Loop:
    """The connections of one run, one for each thread."""

    def __init__(self, access: Access) -> None:
        self._host = urlsplit(access.server).netloc
        self._identity = Credentials(access).identity()
        self._tls = tls_context(access, self._identity.certificate)
        self._own = threading.local()

    def patch(self, line: str) -> None:
        """Send one object."""
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPSConnection(self._host, context=self._tls)
        connection: HTTPSConnection = self._own.connection
        path, body = line.split("\t")
        headers = HEADERS | dict(self._identity.headers)
        connection.request("PATCH", path + QUERY, body.encode(), headers)
        answer = connection.getresponse()
        if answer.read() and answer.status >= 300:
            raise SystemExit(f"{path}: {answer.status}")


def main() -> None:
    """Send everything, the namespaces first."""
    loop = Loop(find_access(kubeconfig=None, context=None, env=os.environ))
    with ThreadPoolExecutor(THREADS) as pool:
        for part in Path(sys.argv[1]).read_text().split("\n\n"):
            list(pool.map(loop.patch, part.splitlines()))


if __name__ == "__main__":
    main()
