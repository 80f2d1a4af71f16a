"""A user entry of a kubeconfig: what it says of who we are, by kubectl's rules of what may be said.

The rules hold whatever the server is; nothing but whom we act for is shown to one without TLS.
"""

from collections.abc import Iterator
from operator import itemgetter
from os.path import normpath

from stackctl.api.access.access import ExecPlugin, Impersonation, Login, OidcProvider
from stackctl.api.access.fields import Fields
from stackctl.errors import ClusterError
from stackctl.files import exists

EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_INTERACTIVE = ("Never", "IfAvailable", "Always")
# Those that need not say whether they ask questions.
_SILENT_VERSIONS = (EXEC_VERSIONS[1], "client.authentication.k8s.io/v1alpha1")
# What to run instead of the credential plugins that kubectl no longer contains.
REPLACEMENTS = {
    "gcp": "gke-gcloud-auth-plugin",
    "azure": "kubelogin (`kubelogin convert-kubeconfig`)",
    "openstack": "client-keystone-auth",
}


def login_of(fields: Fields, name: str, *, secure: bool) -> Login:
    """Read a user entry.

    Raises:
        ClusterError: it says what cannot be, or cannot be together.
    """
    for problem in _problems(fields):
        raise problem
    known = Login(
        user=name,
        origin=str(fields.origin),
        place=fields.where.removesuffix("."),
        impersonate=_impersonation(fields),
    )
    return _with_credentials(known, fields) if secure else known


def _problems(fields: Fields) -> Iterator[ClusterError]:
    """Yield what kubectl would refuse without having connected to anything."""
    basic = fields.text("username") or fields.text("password")
    if fields.text("token") and basic:
        yield fields.wrong("token", "this or a username with its password, not both")
    yield from _problems_of_certificate(fields)
    if fields.has("exec"):
        if fields.has("auth-provider"):
            yield fields.wrong("exec", "this or an auth-provider, not both")
        yield from _problems_of_plugin(fields.map("exec"))
    more = fields.map("as-user-extra").values
    if (fields.text("as-uid") or fields.texts("as-groups") or more) and not fields.text("as"):
        yield fields.wrong("as", "a user, since as-uid, as-groups or as-user-extra is given")


def _problems_of_certificate(fields: Fields) -> Iterator[ClusterError]:
    files = {key: fields.path(key) for key in ("client-certificate", "client-key")}
    kept = {key: fields.data(f"{key}-data") for key in files}
    if not (files["client-certificate"] or kept["client-certificate"]):
        return  # a key alone is not looked at
    if not (files["client-key"] or kept["client-key"]):
        yield fields.wrong("client-key", "the key of the client-certificate")
    for key, path in files.items():
        if path and kept[key]:
            yield fields.wrong(key, f"this or {key}-data, not both")
        if path and not exists(path):
            yield fields.wrong(key, f"a file, and there is no {path}")


def _problems_of_plugin(spec: Fields) -> Iterator[ClusterError]:
    version, mode = spec.text("apiVersion"), spec.text("interactiveMode")
    if not spec.text("command"):
        yield spec.wrong("command", "a program")
    if not version:
        yield spec.wrong("apiVersion", " or ".join(EXEC_VERSIONS))
    yield from (
        each.wrong("name", "the name of a variable")
        for each in spec.maps("env")
        if not each.text("name")
    )
    if mode not in _INTERACTIVE and (mode or version not in _SILENT_VERSIONS):
        yield spec.wrong("interactiveMode", "Never, IfAvailable or Always")


def _with_credentials(known: Login, fields: Fields) -> Login:
    """Add what is shown to a server; a plugin is only asked where nothing else says who we are."""
    token, token_file = fields.text("token"), fields.path("tokenFile")
    username = fields.text("username")
    if token_file and username:
        raise fields.wrong("tokenFile", "this or a username with its password, not both")
    certificate = fields.data("client-certificate-data")
    certificate_file = fields.path("client-certificate")
    certified = bool(certificate or certificate_file)
    plugin, oidc = _plugin(fields), _provider(fields)
    named = bool(token or token_file or username)
    return Login(
        user=known.user,
        origin=known.origin,
        place=known.place,
        token=token,
        token_file=token_file,
        certificate=certificate,
        certificate_file=certificate_file,
        key=fields.data("client-key-data") if certified else b"",
        key_file=fields.path("client-key") if certified else "",
        username=username,
        password=fields.text("password"),
        plugin=None if named or certified else plugin,
        oidc=None if named else oidc,
        impersonate=known.impersonate,
    )


def _plugin(fields: Fields) -> ExecPlugin | None:
    if not fields.has("exec"):
        return None
    spec = fields.map("exec")
    version, command = spec.text("apiVersion"), spec.text("command")
    if version not in EXEC_VERSIONS:
        raise spec.wrong("apiVersion", " or ".join(EXEC_VERSIONS))
    return ExecPlugin(
        api_version=version,
        command=normpath(spec.path("command")) if "/" in command else command,
        args=spec.texts("args"),
        env=tuple(filter(itemgetter(0), map(_variable, spec.maps("env")))),
        interactive=spec.text("interactiveMode") or "IfAvailable",
        cluster_info=spec.flag("provideClusterInfo"),
        install_hint=spec.text("installHint").strip(),
    )


def _variable(item: Fields) -> tuple[str, str]:
    """Return a variable; an `=` in a name ends it, as it does for programs."""
    name, _, value = f"{item.text('name')}={item.text('value')}".partition("=")
    return name, value


def _provider(fields: Fields) -> OidcProvider | None:
    if not fields.has("auth-provider"):
        return None
    provider = fields.map("auth-provider")
    name, config = provider.text("name"), provider.map("config")
    if name != "oidc":
        raise _unknown(provider, name)
    for key in ("idp-issuer-url", "client-id"):
        if not config.text(key):
            raise config.wrong(key, "a text, without which no token is renewed")
    return OidcProvider(
        issuer=config.text("idp-issuer-url"),
        client_id=config.text("client-id"),
        client_secret=config.text("client-secret"),
        id_token=config.text("id-token"),
        refresh_token=config.text("refresh-token"),
        ca=config.base64("idp-certificate-authority-data"),
        ca_file=config.text("idp-certificate-authority"),
    )


def _unknown(provider: Fields, name: str) -> ClusterError:
    instead = REPLACEMENTS.get(name, "an exec plugin of your provider")
    was = "is no longer part of kubectl" if name in REPLACEMENTS else "is none that kubectl knows"
    return ClusterError(
        f"{provider.origin}: {provider.where}name: the auth-provider {name!r} {was}",
        hint=f"let the user's `exec` run {instead}",
    )


def _impersonation(fields: Fields) -> Impersonation | None:
    user, extra = fields.text("as"), fields.map("as-user-extra")
    if not user:
        return None
    return Impersonation(
        user=user,
        uid=fields.text("as-uid"),
        groups=fields.texts("as-groups"),
        extra=tuple((key, extra.texts(key)) for key in extra.values),
    )
