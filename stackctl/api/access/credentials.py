"""Who we say we are in each request: headers and a client certificate, kept fresh.

Reading kubeconfig files is for `kubeconfig`, running plugins for `plugin`.
"""

import base64
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from stackctl.api.access.access import Access, Impersonation
from stackctl.api.access.plugin import Credential, Tell, run_plugin
from stackctl.errors import AccessDenied
from stackctl.files import Unreadable, read_piped
from stackctl.secrets import SECRETS

TOKEN_FILE_SECONDS = 60.0
LEAST_SECONDS = 5.0
MOST_BYTES = 1 << 20  # no token and no certificate is larger
EXPIRY_MARGIN = 10.0  # a credential that is about to expire is not used any more
# What a header can hold: Latin-1 without control characters.
_HEADER = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate and its key, as PEM text."""

    text: str
    key: str = field(repr=False)


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
            token, stale = _text_in(login.token_file), self._clock() + TOKEN_FILE_SECONDS
        if given.expires is not None:
            # Even where clocks disagree, a plugin is not run for every single request.
            stale = max(given.expires - EXPIRY_MARGIN, self._clock() + LEAST_SECONDS)
        SECRETS.learn([token, given.token, given.key])
        headers = (*self._authorization(token or given.token), *_acting_as(login.impersonate))
        for name, value in headers:
            _require_header(self._access, name, value)
        return Identity(
            headers=headers,
            certificate=self._certificate(given),
            stale=stale,
        )

    def _authorization(self, token: str) -> Headers:
        login = self._access.login
        if token:
            return (("Authorization", f"Bearer {token}"),)
        if login.username:
            SECRETS.learn([login.password])
            pair = f"{login.username}:{login.password}".encode()
            return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
        return ()

    def _certificate(self, given: Credential) -> Certificate | None:
        login = self._access.login
        text = login.certificate or _text_in(login.certificate_file)
        if text:
            key = login.key or _text_in(login.key_file)
            SECRETS.learn([key])
            return Certificate(text, key)
        return Certificate(given.certificate, given.key) if given.certificate else None


def _require_header(access: Access, name: str, value: str) -> None:
    """Refuse what cannot be sent, without saying it: the HTTP library would quote it.

    Raises:
        AccessDenied: a line break is in it, or a letter that no header can hold.
    """
    if not _HEADER.fullmatch(value):
        what = "the token" if name == "Authorization" else name
        raise AccessDenied(
            f"{access.origin}: user {access.login.user!r}: {what} cannot be sent: it has a line "
            "break or another character in it that no header can hold",
            hint="log in again, or write it anew, on one line",
        )


def _text_in(path: str) -> str:
    if not path:
        return ""
    try:
        text = read_piped(Path(path), MOST_BYTES).decode().strip()
    except (Unreadable, UnicodeDecodeError) as error:
        why = error if isinstance(error, Unreadable) else "not a text file"
        raise AccessDenied(f"{path}: the credentials cannot be read: {why}") from error
    if not text:
        raise AccessDenied(f"{path}: there are no credentials in the file")
    return text


def _acting_as(who: Impersonation | None) -> Headers:
    if who is None:
        return ()
    headers = [("Impersonate-User", who.user)]
    headers += [("Impersonate-Uid", who.uid)] if who.uid else []
    headers += [("Impersonate-Group", group) for group in who.groups]
    for key, values in who.extra:
        headers += [(f"Impersonate-Extra-{quote(key, safe='')}", value) for value in values]
    return tuple(headers)
