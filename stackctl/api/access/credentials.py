"""Who we say we are in each request: headers and a client certificate, kept fresh.

Reading kubeconfig files is for `kubeconfig`, running plugins for `plugin`.
"""

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import category
from urllib.parse import quote

from stackctl.api.access.access import Access, Impersonation, OidcProvider
from stackctl.api.access.kubeconfig_file import keep_tokens
from stackctl.api.access.oidc import expiry, valid
from stackctl.api.access.plugin import Credential, Tell, run_plugin
from stackctl.errors import AccessDenied, ClusterError
from stackctl.files import Unreadable, read_piped
from stackctl.secrets import SECRETS

TOKEN_FILE_SECONDS = 60.0
LEAST_SECONDS = 5.0
MOST_BYTES = 1 << 20  # no token and no certificate is larger
EXPIRY_MARGIN = 10.0  # a credential that is about to expire is not used any more
# Control and formatting characters, halves of characters, line ends, and blanks that are not one.
_UNSENDABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate and its key: bytes with PEM somewhere in them."""

    content: bytes
    key: bytes = field(repr=False)


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
        self._filed = ""  # the token that was in the file when it was last read
        self._oidc: OidcProvider | None = None  # with the tokens of now

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
        token, stale = self._token()
        given = Credential()
        if login.plugin is not None:
            given = run_plugin(login.plugin, self._access, self._env, self._tell)
            token = _Token(given.token, f"the token of the plugin {login.plugin.command}")
        if given.expires is not None:
            # Even where clocks disagree, a plugin is not run for every single request.
            stale = max(given.expires - EXPIRY_MARGIN, self._clock() + LEAST_SECONDS)
        SECRETS.learn([token.text, given.token, given.key])
        return Identity(
            headers=(*self._authorization(token), *self._acting_as(login.impersonate)),
            certificate=self._certificate(given),
            stale=stale,
        )

    def _token(self) -> "tuple[_Token, float]":
        """Return the token that needs no plugin, and until when it is known to be the one."""
        login = self._access.login
        if login.token_file:
            return self._token_in_file(), self._clock() + TOKEN_FILE_SECONDS
        if login.oidc is not None:
            self._oidc = self._oidc or login.oidc
            self._oidc = valid(self._oidc, self._keep, self._clock, self._env)
            where = f"{login.origin}: {login.place}.auth-provider.config.id-token"
            return _Token(self._oidc.id_token, where), expiry(self._oidc.id_token) - EXPIRY_MARGIN
        return _Token(login.token, f"{login.origin}: {login.place}.token"), float("inf")

    def _token_in_file(self) -> "_Token":
        login = self._access.login
        try:
            self._filed = _text_in(login.token_file)
        except AccessDenied:
            # What was good a minute ago, or is written beside it, may still be.
            if not (self._filed or login.token):
                raise
        if self._filed:
            return _Token(self._filed, login.token_file)
        return _Token(login.token, f"{login.origin}: {login.place}.token")

    def _keep(self, provider: OidcProvider) -> None:
        """Write new tokens to where the old ones are from: many can be used only once."""
        login = self._access.login
        try:
            keep_tokens(Path(login.origin), login.user, provider)
        except ClusterError as error:
            self._tell(f"{error}: the renewed tokens are not kept, log in again for the next run")

    def _authorization(self, token: "_Token") -> Headers:
        login = self._access.login
        if token.text:
            return (("Authorization", f"Bearer {sendable(token.text, token.where)}"),)
        if login.username:
            SECRETS.learn([login.password])
            pair = f"{login.username}:{login.password}".encode()
            return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
        return ()

    def _acting_as(self, who: Impersonation | None) -> Headers:
        if who is None:
            return ()
        place = f"{self._access.login.origin}: {self._access.login.place}"
        return tuple(
            (name, sendable(value, f"{place}.{key}") if value.strip() else "")
            for name, key, value in _impersonating(who)
        )

    def _certificate(self, given: Credential) -> Certificate | None:
        login = self._access.login
        if login.certificate or login.certificate_file:
            content = login.certificate or _content_of(login.certificate_file)
            key = login.key or _content_of(login.key_file)
            SECRETS.learn([key.decode(errors="replace")])
            return Certificate(content, key)
        if not given.certificate:
            return None
        return Certificate(given.certificate.encode(), given.key.encode())


def _impersonating(who: Impersonation) -> Iterator[tuple[str, str, str]]:
    """Yield the header, the field it is from, and the value of each part of whom we act for."""
    yield "Impersonate-User", "as", who.user
    if who.uid:
        yield "Impersonate-Uid", "as-uid", who.uid
    for group in who.groups:
        yield "Impersonate-Group", "as-groups", group
    for key, values in who.extra:
        for value in values:
            yield f"Impersonate-Extra-{quote(key, safe='')}", "as-user-extra", value


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    where: str


def sendable(text: str, where: str) -> str:
    """Write a text as a header holds it: without the blanks around it, in UTF-8.

    Raises:
        AccessDenied: nothing is left, or a sign that no header can hold or nobody can see; it is
            not said, for the text may be secret.
    """
    bare = text.strip()
    if not bare or any(category(each) in _UNSENDABLE and each not in "\t " for each in bare):
        what = "a sign that no header can hold" if bare else "nothing but blanks"
        raise AccessDenied(
            f"{where}: cannot be sent: there is {what} in it",
            hint="log in again, or write it anew, on one line",
        )
    return bare.encode().decode("latin-1")  # which the HTTP library makes the same bytes of


def _text_in(path: str) -> str:
    try:
        text = _content_of(path).decode().strip()
    except UnicodeDecodeError as error:
        raise AccessDenied(f"{path}: the credentials cannot be read: not a text file") from error
    if not text:
        raise AccessDenied(f"{path}: there are no credentials in the file")
    return text


def _content_of(path: str) -> bytes:
    if not path:
        return b""
    try:
        return read_piped(Path(path), MOST_BYTES)
    except Unreadable as error:
        raise AccessDenied(f"{path}: the credentials cannot be read: {error}") from error
