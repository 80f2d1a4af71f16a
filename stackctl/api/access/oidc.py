"""Tokens of an OpenID provider: whether one is still valid, and a new one for it, as kubectl does.

Where the new tokens are written down is for `kubeconfig_file`.
"""

import base64
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from stackctl.api.access.access import OidcProvider
from stackctl.api.wire.addresses import fault_in
from stackctl.api.wire.pools import pools_through
from stackctl.api.wire.proxies import proxy_for
from stackctl.api.wire.trust import context_trusting
from stackctl.errors import AccessDenied
from stackctl.secrets import SECRETS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

MARGIN_SECONDS = 10.0
ANSWER_SECONDS = 30.0
MOST_BYTES = 1 << 20
_LATEST = 2.0**63  # what Go has no number for is no time
_AGAIN = "log in again with what wrote the kubeconfig"

Keep = Callable[[OidcProvider], None]


def valid(
    provider: OidcProvider, keep: Keep, clock: Callable[[], float], env: Mapping[str, str]
) -> OidcProvider:
    """Return the provider with an ID token that is valid now; a new one is given to `keep`.

    Raises:
        AccessDenied: there is none, and none can be had.
    """
    if provider.ca or provider.ca_file:
        _trust(provider)  # which is wrong, if it is, before it is needed
    if provider.id_token and clock() + MARGIN_SECONDS < expiry(provider.id_token):
        return provider
    if not provider.refresh_token:
        what = "has expired" if provider.id_token else "is missing"
        raise AccessDenied(
            f"{provider.issuer}: the ID token {what}, and there is no refresh token", hint=_AGAIN
        )
    renewed = _renewed(provider, env)
    keep(renewed)
    return renewed


def expiry(token: str) -> float:
    """Return when an ID token expires, in seconds since the epoch; one that does not say has.

    Raises:
        AccessDenied: it is no JSON web token.
    """
    try:
        _, claims, _ = token.split(".")
        claims = claims.replace("=", " ")  # a web token has no padding
        content = base64.b64decode(claims + "=" * (-len(claims) % 4), altchars="-_", validate=True)
        when = float(json.loads(content).get("exp") or 0)
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise AccessDenied("the id-token is no JSON web token", hint=_AGAIN) from None
    return when if when < _LATEST else 0.0


def _renewed(provider: OidcProvider, env: Mapping[str, str]) -> OidcProvider:
    address = f"{provider.issuer.removesuffix('/')}/.well-known/openid-configuration"
    found = _document(_ask(provider, env, "GET", address), provider)
    endpoint = found.get("token_endpoint")
    if not isinstance(endpoint, str) or fault_in(endpoint, ("https", "http")):
        raise _refused(provider, "it names no token_endpoint")
    given = _document(_answer(provider, env, endpoint), provider)
    SECRETS.learn(given.get(key) for key in ("id_token", "refresh_token", "access_token"))
    token = given.get("id_token")
    if not isinstance(token, str) or not token:
        raise _refused(provider, "it gave no id_token; perhaps the scope openid was not asked for")
    another = given.get("refresh_token")
    kept = another if isinstance(another, str) and another else provider.refresh_token
    return replace(provider, id_token=token, refresh_token=kept)


def _answer(provider: OidcProvider, env: Mapping[str, str], endpoint: str) -> "BaseHTTPResponse":
    """Ask for tokens, showing who we are in a header, or where that is refused in the form."""
    form = {"grant_type": "refresh_token", "refresh_token": provider.refresh_token}
    secret = {"client_id": provider.client_id}
    if provider.client_secret:
        secret["client_secret"] = provider.client_secret
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
    basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    answer = _ask(provider, env, "POST", endpoint, form, basic)
    if answer.status < 300:
        return answer
    return _ask(provider, env, "POST", endpoint, form | secret)


def _ask(
    provider: OidcProvider,
    env: Mapping[str, str],
    method: str,
    address: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> "BaseHTTPResponse":
    import urllib3

    if fault := fault_in(address, ("https", "http")):
        raise _refused(provider, f"its address is none: {fault}")
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        with _pools(provider, env, address) as pools:
            return pools.request(
                method,
                address,
                body=urlencode(form) if form else None,
                headers={"Accept": "application/json", **kind, **(headers or {})},
                timeout=ANSWER_SECONDS,
                retries=urllib3.Retry(0, redirect=5 if method == "GET" else 0),
            )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _refused(provider, f"it cannot be reached: {type(error).__name__}") from error


def _pools(provider: OidcProvider, env: Mapping[str, str], address: str) -> "PoolManager":
    options: dict[str, Any] = {}
    if urlsplit(address).scheme == "https":
        options["ssl_context"] = _trust(provider)
    return pools_through(proxy_for(address, env), options)


def _trust(provider: OidcProvider) -> ssl.SSLContext:
    where = "auth-provider.config.idp-certificate-authority"
    return context_trusting(provider.ca, provider.ca_file, where)


def _document(answer: "BaseHTTPResponse", provider: OidcProvider) -> dict[str, Any]:
    try:
        document = json.loads(answer.data[:MOST_BYTES])
    except ValueError:
        document = None
    if answer.status >= 300:
        code = document.get("error") if isinstance(document, dict) else None
        known = code if isinstance(code, str) and code.replace("_", "").isalpha() else ""
        raise _refused(provider, f"it answered {answer.status}{known and f' ({known})'}")
    if not isinstance(document, dict):
        raise _refused(provider, "its answer is no JSON map")
    return document


def _refused(provider: OidcProvider, why: str) -> AccessDenied:
    return AccessDenied(f"{provider.issuer}: no new ID token: {why}", hint=_AGAIN)
