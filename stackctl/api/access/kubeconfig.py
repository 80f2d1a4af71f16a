"""Which API server is meant, by kubectl's rules, and with which credentials.

Files are read and merged here, nothing is connected to and no program is run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.api.access.access import Access, ExecPlugin, Impersonation, Login
from stackctl.api.access.addresses import fault_in, is_server_name
from stackctl.api.access.exposure import learn_credentials
from stackctl.api.access.fields import Fields
from stackctl.api.access.proxies import PROXY_SCHEMES, proxy_for, without_login
from stackctl.errors import ClusterError, NoTarget
from stackctl.files import Unreadable, exists, read_piped
from stackctl.secrets import SECRETS, assigned

__all__ = ["Access", "find_access"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SANDBOX_EXTENSION = "stackctl.dev/sandbox"
SCHEMES = ("https", "http")
EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
# What to run instead of the credential plugins that kubectl no longer contains.
REPLACEMENTS = {
    "gcp": "gke-gcloud-auth-plugin",
    "azure": "kubelogin (`kubelogin convert-kubeconfig`)",
    "oidc": "kubectl oidc-login",
    "openstack": "client-keystone-auth",
}


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Several kubeconfig files seen as one: the first to set a value wins."""

    current: str
    contexts: Mapping[str, Fields]
    clusters: Mapping[str, Fields]
    users: Mapping[str, Fields]

    @property
    def empty(self) -> bool:
        """Nothing in there leads to a cluster."""
        return not (self.contexts or self.clusters)


def find_access(
    *,
    kubeconfig: str | None,
    context: str | None,
    env: Mapping[str, str],
    service_account: Path = SERVICE_ACCOUNT,
) -> Access:
    """Choose the API server: flag > KUBECONFIG (merged) > ~/.kube/config > in-cluster.

    Raises:
        NoTarget: there is neither a kubeconfig nor an in-cluster account.
        ClusterError: what there is cannot be used.
    """
    files = kubeconfig_files(kubeconfig, env)
    merged = merge([read_kubeconfig(path) for path in files if kubeconfig or exists(path)])
    if merged.empty and not context and not kubeconfig:
        return _in_cluster(env, service_account) or _nothing(files, env)
    return access_of(merged, context or merged.current, files, env)


def kubeconfig_files(flag: str | None, env: Mapping[str, str]) -> tuple[Path, ...]:
    """List the files that may hold the configuration; not all need to exist."""
    if flag:
        return (_expanded(flag, env),)
    if named := [part for part in env.get("KUBECONFIG", "").split(":") if part]:
        return tuple(dict.fromkeys(Path(part) for part in named))
    return (Path(env["HOME"]) / ".kube" / "config",) if env.get("HOME") else ()


def read_kubeconfig(path: Path) -> Fields:
    """Parse one file."""
    import yaml

    try:
        text = read_piped(path).decode()
    except Unreadable as error:
        raise ClusterError(f"{path}: {error}", hint="see --kubeconfig") from error
    except UnicodeDecodeError as error:
        raise ClusterError(f"{path}: not a text file") from error
    try:
        # Every scalar stays the text it is: a password 0123 or a context `on` must not change.
        document = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
    except yaml.YAMLError as error:
        SECRETS.learn(assigned(text))
        raise ClusterError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise ClusterError(f"{path}: nested too deep for a kubeconfig") from None
    learn_credentials(document)
    if not isinstance(document or {}, dict):
        raise ClusterError(f"{path}: expected a kubeconfig, which is a map")
    return Fields(path, "", document or {})


def merge(documents: Iterable[Fields]) -> Kubeconfig:
    """See several files as one; maps are not mixed, the first file that has a name wins."""
    current = ""
    found: dict[str, dict[str, Fields]] = {"contexts": {}, "clusters": {}, "users": {}}
    for document in documents:
        current = current or document.text("current-context")
        for key, entries in found.items():
            for entry in document.maps(key):
                entries.setdefault(entry.text("name"), entry.map(key.removesuffix("s")))
    return Kubeconfig(current, **found)


def access_of(
    merged: Kubeconfig, context: str, files: tuple[Path, ...], env: Mapping[str, str]
) -> Access:
    """Put together what one context names."""
    chosen = _context(merged, context, files)
    cluster_name, user_name = chosen.text("cluster"), chosen.text("user")
    cluster = merged.clusters.get(cluster_name)
    if cluster is None:
        raise _missing(chosen, context, "cluster", cluster_name, merged.clusters)
    user = merged.users.get(user_name)
    if user is None and user_name:
        raise _missing(chosen, context, "user", user_name, merged.users)
    access = replace(
        _cluster(cluster, cluster_name, env),
        context=context,
        namespace=chosen.text("namespace") or "default",
        origin=str(chosen.origin),
    )
    # As kubectl: identities are only shown over TLS.
    if user is None or access.server.startswith("http:"):
        return access
    return replace(access, login=_login(user, user_name))


def _context(merged: Kubeconfig, name: str, files: tuple[Path, ...]) -> Fields:
    names = ", ".join(sorted(merged.contexts)) or "none"
    where = ", ".join(map(str, files)) or "kubeconfig"
    if not name:
        raise ClusterError(
            f"{where}: no context is current",
            hint=f"choose one with --context; there are: {names}",
        )
    if name not in merged.contexts:
        raise ClusterError(f"{where}: no context {name!r}", hint=f"there are: {names}")
    return merged.contexts[name]


def _missing(
    chosen: Fields, context: str, kind: str, name: str, entries: Mapping[str, Fields]
) -> ClusterError:
    names = ", ".join(sorted(entries)) or "none"
    what = f"{kind} {name!r}, which is not there" if name else f"no {kind}"
    return ClusterError(
        f"{chosen.origin}: context {context!r} names {what}", hint=f"{kind}s there are: {names}"
    )


def _cluster(fields: Fields, name: str, env: Mapping[str, str]) -> Access:
    server = without_login(fields.text("server")).rstrip("/")
    if not server:
        raise fields.wrong("server", "the address of the API server")
    ca, ca_file = fields.pem("certificate-authority-data"), fields.path("certificate-authority")
    insecure = fields.flag("insecure-skip-tls-verify")
    if "://" not in server:
        server = f"{'https' if ca or ca_file or insecure else 'http'}://{server}"
    if fault := fault_in(server, SCHEMES):
        raise fields.wrong("server", f"an https address, but {fault}")
    proxy = fields.text("proxy-url")
    if proxy and (fault := fault_in(proxy, PROXY_SCHEMES)):
        raise fields.wrong("proxy-url", f"the address of a proxy, but {fault}")
    server_name = fields.text("tls-server-name")
    if server_name and not is_server_name(server_name):
        raise fields.wrong("tls-server-name", "the name of a server")
    return Access(
        server=server,
        cluster=name,
        ca=ca,
        ca_file="" if ca else ca_file,
        insecure=insecure,
        tls_server_name=server_name,
        proxy=proxy or proxy_for(server, env),
        compress=not fields.flag("disable-compression"),
        simulated=any(
            extension.text("name") == SANDBOX_EXTENSION for extension in fields.maps("extensions")
        ),
    )


def _login(fields: Fields, name: str) -> Login:
    _refuse_auth_provider(fields, name)
    certificate, key = fields.pem("client-certificate-data"), fields.pem("client-key-data")
    token_file = fields.path("tokenFile")
    login = Login(
        user=name,
        token="" if token_file else fields.text("token"),
        token_file=token_file,
        certificate=certificate,
        certificate_file="" if certificate else fields.path("client-certificate"),
        key=key,
        key_file="" if key else fields.path("client-key"),
        username=fields.text("username"),
        password=fields.text("password"),
        plugin=_plugin(fields),
        impersonate=_impersonation(fields),
    )
    if bool(login.certificate or login.certificate_file) != bool(login.key or login.key_file):
        raise fields.wrong("client-certificate", "a certificate and its key, or neither")
    return login


def _refuse_auth_provider(fields: Fields, name: str) -> None:
    provider = fields.map("auth-provider").text("name")
    if not provider:
        return
    instead = REPLACEMENTS.get(provider, "an exec plugin of your provider")
    raise ClusterError(
        f"{fields.origin}: user {name!r}: the auth-provider {provider!r} is no longer part of "
        "Kubernetes clients",
        hint=f"let the user's `exec` run {instead}",
    )


def _plugin(fields: Fields) -> ExecPlugin | None:
    spec = fields.map("exec")
    if not spec.values:
        return None
    version, command = spec.text("apiVersion"), spec.text("command")
    if version not in EXEC_VERSIONS:
        raise spec.wrong("apiVersion", " or ".join(EXEC_VERSIONS))
    if not command:
        raise spec.wrong("command", "a program")
    mode = spec.text("interactiveMode")
    if mode not in ("Never", "IfAvailable", "Always") and (mode or version == EXEC_VERSIONS[0]):
        raise spec.wrong("interactiveMode", "Never, IfAvailable or Always")
    return ExecPlugin(
        api_version=version,
        command=spec.path("command") if "/" in command else command,
        args=spec.texts("args"),
        env=tuple(_variable(item) for item in spec.maps("env")),
        interactive=mode or "IfAvailable",
        cluster_info=spec.flag("provideClusterInfo"),
        install_hint=spec.text("installHint").strip(),
    )


def _variable(item: Fields) -> tuple[str, str]:
    name = item.text("name")
    if not name or "=" in name:
        raise item.wrong("name", "the name of a variable")
    return name, item.text("value")


def _impersonation(fields: Fields) -> Impersonation | None:
    user, groups = fields.text("as"), fields.texts("as-groups")
    extra = fields.map("as-user-extra")
    if not user:
        if groups or extra.values:
            raise fields.wrong("as", "a user, since as-groups or as-user-extra is given")
        return None
    return Impersonation(
        user=user,
        uid=fields.text("as-uid"),
        groups=groups,
        extra=tuple((key, extra.texts(key)) for key in extra.values),
    )


def _in_cluster(env: Mapping[str, str], folder: Path) -> Access | None:
    host, port = env.get("KUBERNETES_SERVICE_HOST"), env.get("KUBERNETES_SERVICE_PORT")
    token, ca = folder / "token", folder / "ca.crt"
    if not (host and port and token.exists()):
        return None
    namespace = folder / "namespace"
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    if fault := fault_in(server, SCHEMES):
        raise ClusterError(
            f"KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: no address, for {fault}"
        )
    return Access(
        server=server,
        context="in-cluster",
        cluster="in-cluster",
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
        origin=str(folder),
        ca_file=str(ca) if ca.exists() else "",
        login=Login(user="ServiceAccount", token_file=str(token)),
    )


def _nothing(files: tuple[Path, ...], env: Mapping[str, str]) -> Access:
    if env.get("KUBECONFIG"):
        missing = ", ".join(f"{path}{'' if exists(path) else ' (missing)'}" for path in files)
        raise ClusterError(
            f"KUBECONFIG: no context in {missing}", hint="name another file with --kubeconfig"
        )
    raise NoTarget(
        "no kubeconfig was found and no cluster is around us",
        hint="name one with --kubeconfig, or try here: stackctl sandbox up",
    )


def _expanded(name: str, env: Mapping[str, str]) -> Path:
    if name.startswith("~/") and env.get("HOME"):
        return Path(env["HOME"]) / name[2:]
    return Path(name)
