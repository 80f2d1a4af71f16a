"""Which API server is meant, by kubectl's rules, and with which credentials.

Files are read and merged here, nothing is connected to and no program is run. What an entry may
say is for `clusters` and `logins`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stackctl.api.access.access import Access, Login
from stackctl.api.access.clusters import SCHEMES, access_to, login_in_server
from stackctl.api.access.exposure import learn_credentials
from stackctl.api.access.fields import KUBECONFIG, Fields, misfit
from stackctl.api.access.logins import login_of
from stackctl.api.wire.addresses import fault_in
from stackctl.errors import ClusterError, NoTarget
from stackctl.files import Unreadable, exists, pipe_at, read_piped
from stackctl.secrets import SECRETS, assigned

__all__ = ["Access", "find_access"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_NAMED = ("contexts", "clusters", "users")
_PIPED: dict[tuple[int, int], bytes] = {}  # of this run


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
    """Parse one file; a pipe can be read only once, and is kept for the next who asks."""
    from stackctl.api.access.loose_yaml import read

    try:
        content = _content(path)
    except Unreadable as error:
        raise ClusterError(f"{path}: {error}", hint="see --kubeconfig") from error
    try:
        document = read(content)
    except ValueError as error:
        SECRETS.learn(assigned(content.decode(errors="replace")))
        raise ClusterError(f"{path}: not YAML: {error}") from error
    learn_credentials(document)
    if not isinstance(document, dict | None):
        raise ClusterError(f"{path}: expected a kubeconfig, which is a map")
    if wrong := misfit(document, KUBECONFIG) or _foreign(document or {}):
        raise ClusterError(f"{path}: {wrong}")
    return Fields(path, "", document or {})


def _content(path: Path) -> bytes:
    pipe = pipe_at(path)
    if pipe is None:
        return read_piped(path)
    if pipe not in _PIPED:
        _PIPED[pipe] = read_piped(path)
    return _PIPED[pipe]


def _foreign(document: Mapping[str, Any]) -> str:
    """Say what makes a document another than a kubeconfig."""
    for key, ours in (("apiVersion", "v1"), ("kind", "Config")):
        if document.get(key) not in (None, "", ours):
            return f"{key}: expected {ours}"
    return ""


def merge(documents: Iterable[Fields]) -> Kubeconfig:
    """See several files as one; maps are not mixed, the first file that has a name wins."""
    current = ""
    found: dict[str, dict[str, Fields]] = {key: {} for key in _NAMED}
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
    name = chosen.text("cluster")
    cluster = merged.clusters.get(name)
    if cluster is None:
        raise _missing(chosen, context, "cluster", name, merged.clusters)
    access = replace(
        access_to(cluster, name, env),
        context=context,
        namespace=chosen.text("namespace") or "default",
        origin=str(chosen.origin),
    )
    login = _login(chosen, context, merged.users, secure=access.server.startswith("https:"))
    if (in_address := login_in_server(cluster)) is not None:
        username, password = in_address
        login = Login(username=username, password=password, impersonate=login.impersonate)
    return replace(access, login=login)


def _login(chosen: Fields, context: str, users: Mapping[str, Fields], *, secure: bool) -> Login:
    name = chosen.text("user")
    if name in users:
        return login_of(users[name], name, secure=secure)
    if name and secure:
        raise _missing(chosen, context, "user", name, users)
    return Login(user=name)  # to whom nothing would be shown anyway


def _context(merged: Kubeconfig, name: str, files: tuple[Path, ...]) -> Fields:
    names = ", ".join(sorted(merged.contexts)) or "none"
    where = ", ".join(map(str, files)) or "kubeconfig"
    if name in merged.contexts:
        return merged.contexts[name]
    if not name:
        raise ClusterError(
            f"{where}: no context is current",
            hint=f"choose one with --context; there are: {names}",
        )
    raise ClusterError(f"{where}: no context {name!r}", hint=f"there are: {names}")


def _missing(
    chosen: Fields, context: str, kind: str, name: str, entries: Mapping[str, Fields]
) -> ClusterError:
    names = ", ".join(sorted(entries)) or "none"
    what = f"{kind} {name!r}, which is not there" if name else f"no {kind}"
    return ClusterError(
        f"{chosen.origin}: context {context!r} names {what}", hint=f"{kind}s there are: {names}"
    )


def _in_cluster(env: Mapping[str, str], folder: Path) -> Access | None:
    host, port = env.get("KUBERNETES_SERVICE_HOST"), env.get("KUBERNETES_SERVICE_PORT")
    token, ca = folder / "token", folder / "ca.crt"
    if not (host and port and exists(token)):
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
        namespace=namespace.read_text().strip() if exists(namespace) else "default",
        origin=str(folder),
        ca_file=str(ca) if exists(ca) else "",
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
