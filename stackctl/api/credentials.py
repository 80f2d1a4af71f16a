"""Who we say we are in each request: headers and a client certificate, kept fresh.

Reading kubeconfig files is for `kubeconfig`, running plugins for `plugin`.
"""

import base64
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from stackctl.api.access import Access, Impersonation
from stackctl.api.plugin import Credential, Tell, run_plugin
from stackctl.errors import AccessDenied

TOKEN_FILE_SECONDS = 60.0
EXPIRY_MARGIN = 10.0  # a credential that is about to expire is not used any more

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate and its key, as PEM text or as files."""

    text: str = ""
    key: str = field(default="", repr=False)
    file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request shows; valid until `stale`, by the clock of the credentials."""

    headers: Headers = field(default=(), repr=False)
    certificate: Certificate | None = None
    stale: float = float("inf")


class Credentials:
    """Gives the identity to show, and renews it when it is stale or was refused."""

    def __init__(
        self,
        access: Access,
        *,
        tell: Tell = lambda _: None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._tell = tell
        self._env = os.environ if env is None else env
        self._clock = clock
        self._renewing = threading.Lock()
        self._identity: Identity | None = None

    def identity(self) -> Identity:
        """Return what to show now; a plugin is run only when nothing valid is at hand."""
        known = self._identity
        if known is not None and self._clock() < known.stale:
            return known
        return self.renew(known)

    def renew(self, refused: Identity | None) -> Identity:
        """Read or ask again, once for all threads that were refused with the same identity."""
        with self._renewing:
            if self._identity is None or self._identity is refused:
                self._identity = self._read()
            return self._identity

    def _read(self) -> Identity:
        login = self._access.login
        given = Credential()
        if login.plugin is not None:
            given = run_plugin(login.plugin, self._access, self._env, self._tell)
        token, stale = login.token, float("inf")
        if login.token_file:
            token, stale = _token_in(login.token_file), self._clock() + TOKEN_FILE_SECONDS
        if given.expires is not None:
            stale = min(stale, given.expires - EXPIRY_MARGIN)
        return Identity(
            headers=(*self._authorization(token or given.token), *_acting_as(login.impersonate)),
            certificate=self._certificate(given),
            stale=stale,
        )

    def _authorization(self, token: str) -> Headers:
        login = self._access.login
        if token:
            return (("Authorization", f"Bearer {token}"),)
        if login.username:
            pair = f"{login.username}:{login.password}".encode()
            return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
        return ()

    def _certificate(self, given: Credential) -> Certificate | None:
        login = self._access.login
        if login.certificate or login.certificate_file:
            return Certificate(login.certificate, login.key, login.certificate_file, login.key_file)
        return Certificate(given.certificate, given.key) if given.certificate else None


def _token_in(path: str) -> str:
    try:
        token = Path(path).read_text().strip()
    except OSError as error:
        raise AccessDenied(f"{path}: the token cannot be read: {error.strerror}") from error
    if not token:
        raise AccessDenied(f"{path}: the token file is empty")
    return token


def _acting_as(who: Impersonation | None) -> Headers:
    if who is None:
        return ()
    headers = [("Impersonate-User", who.user)]
    headers += [("Impersonate-Uid", who.uid)] if who.uid else []
    headers += [("Impersonate-Group", group) for group in who.groups]
    for key, values in who.extra:
        headers += [(f"Impersonate-Extra-{quote(key, safe='')}", value) for value in values]
    return tuple(headers)
