"""Which API server a command talks to, and with which credentials."""

import base64
import textwrap
from pathlib import Path

import pytest

from stackctl.api.access.access import Access, Login
from stackctl.api.access.credentials import Credentials
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.wire.proxies import proxy_for
from stackctl.errors import ClusterError, NoTarget

V1 = "client.authentication.k8s.io/v1"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def config(name: str, server: str, user: str = "token: secret", cluster: str = "") -> str:
    return f"""
        apiVersion: v1
        kind: Config
        current-context: {name}
        contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}, namespace: ml}}}}]
        clusters: [{{name: {name}, cluster: {{server: "{server}" {cluster}}}}}]
        users: [{{name: {name}, user: {{{user}}}}}]
        """


def access(tmp_path: Path, user: str = "token: secret", cluster: str = "") -> Access:
    path = write(tmp_path / "config", config("prod", "https://prod:6443", user, cluster))
    return find_access(kubeconfig=str(path), context=None, env={})


def test_the_flag_beats_the_environment(tmp_path):
    """--kubeconfig is read alone, whatever KUBECONFIG says."""
    flag = write(tmp_path / "a", config("a", "https://a"))
    other = write(tmp_path / "b", config("b", "https://b"))
    found = find_access(kubeconfig=str(flag), context=None, env={"KUBECONFIG": str(other)})
    assert found.server == "https://a"


def test_the_environment_beats_the_home(tmp_path):
    """KUBECONFIG is read instead of ~/.kube/config."""
    write(tmp_path / ".kube" / "config", config("home", "https://home"))
    named = write(tmp_path / "b", config("b", "https://b"))
    env = {"HOME": str(tmp_path), "KUBECONFIG": str(named)}
    assert find_access(kubeconfig=None, context=None, env=env).server == "https://b"
    del env["KUBECONFIG"]
    assert find_access(kubeconfig=None, context=None, env=env).server == "https://home"


def test_the_first_file_wins(tmp_path):
    """Files in KUBECONFIG are merged by name, missing ones are left out."""
    first = write(tmp_path / "1", "current-context: b\n")
    second = write(tmp_path / "2", config("a", "https://a"))
    third = write(tmp_path / "3", config("a", "https://not-this"))
    fourth = write(tmp_path / "4", config("b", "https://b"))
    missing = tmp_path / "missing"
    env = {"KUBECONFIG": f"{first}:{missing}::{second}:{third}:{fourth}"}
    assert find_access(kubeconfig=None, context="a", env=env).server == "https://a"
    found = find_access(kubeconfig=None, context=None, env=env)
    assert (found.context, found.server) == ("b", "https://b")


def test_inside_a_cluster_the_account_of_the_pod_is_used(tmp_path):
    """Without any kubeconfig, the mounted ServiceAccount leads to the cluster around us."""
    write(tmp_path / "token", "t0ken\n")
    write(tmp_path / "namespace", "ml")
    env = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = find_access(kubeconfig=None, context=None, env=env, service_account=tmp_path)
    assert (found.server, found.namespace) == ("https://[fd00::1]:443", "ml")
    assert Credentials(found).identity().headers == (("Authorization", "Bearer t0ken"),)


def test_nothing_at_all_is_told_from_a_mistake(tmp_path):
    """Only where there is no kubeconfig and no cluster may a sandbox be meant."""
    with pytest.raises(NoTarget):
        find_access(kubeconfig=None, context=None, env={"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("kubeconfig", "context", "env"),
    [
        (None, "prod", {"HOME": "/nowhere"}),
        (None, None, {"KUBECONFIG": "/nowhere"}),
        ("/nowhere", None, {}),
    ],
)
def test_a_choice_that_leads_nowhere_is_a_mistake(kubeconfig, context, env):
    """Whoever named a file or a context did not mean a sandbox."""
    with pytest.raises(ClusterError) as caught:
        find_access(kubeconfig=kubeconfig, context=context, env=env)
    assert not isinstance(caught.value, NoTarget)


def test_a_context_gives_all_it_names(tmp_path):
    """Server, namespace, trust and identity come from the entries the context names."""
    ca = base64.b64encode(b"CA PEM").decode()
    cluster = f", certificate-authority-data: {ca}, tls-server-name: kubernetes"
    found = access(tmp_path, cluster=cluster)
    assert (found.context, found.cluster, found.namespace) == ("prod", "prod", "ml")
    assert (found.ca, found.tls_server_name) == (b"CA PEM", "kubernetes")
    origin = str(tmp_path / "config")
    assert found.login == Login(user="prod", origin=origin, place="users[0].user", token="secret")
    assert not found.simulated
    assert "secret" not in repr(found)


def test_files_are_meant_from_the_folder_of_the_kubeconfig(tmp_path):
    """Relative names in a kubeconfig do not depend on the working directory."""
    for name in ("ca.crt", "me.crt", "me.key"):
        write(tmp_path / "keys" / name, "PEM")
    key = tmp_path / "keys" / "me.key"
    found = access(
        tmp_path,
        user=f"client-certificate: keys/me.crt, client-key: {key}, tokenFile: no/../token",
        cluster=", certificate-authority: keys/ca.crt",
    )
    assert found.ca_file == str(tmp_path / "keys" / "ca.crt")
    assert found.login.certificate_file == str(tmp_path / "keys" / "me.crt")
    assert found.login.key_file == str(key)
    assert found.login.token_file == str(tmp_path / "token")


def test_a_sandbox_is_recognised(tmp_path):
    """The sandbox marks its cluster entry."""
    mark = ", extensions: [{name: stackctl.dev/sandbox, extension: {name: default}}]"
    assert access(tmp_path, cluster=mark).simulated


def test_no_identity_is_shown_without_tls(tmp_path):
    """As with kubectl, http servers get no credentials, and learn whom we act for."""
    user = "token: secret, as: jane"
    for server in ("http://127.0.0.1:8001", "HTTP://127.0.0.1:8001", "127.0.0.1:8001"):
        path = write(tmp_path / "config", config("proxy", server, user))
        found = find_access(kubeconfig=str(path), context=None, env={})
        shown = Credentials(found).identity()
        assert (shown.headers, shown.certificate) == ((("Impersonate-User", "jane"),), None)


@pytest.mark.parametrize(
    ("user", "message", "hint"),
    [
        ("auth-provider: {name: oidc}", "config.idp-issuer-url: expected a text", ""),
        ("auth-provider: {name: gcp}", "'gcp' is no longer part of", "gke-gcloud-auth-plugin"),
        ("auth-provider: {name: x}", "'x' is none that kubectl knows", "an exec plugin"),
        (
            "exec: {apiVersion: v0, command: x, interactiveMode: Never}",
            "exec.apiVersion: expected client.auth",
            "",
        ),
        (f"exec: {{apiVersion: {V1}, command: x}}", "exec.interactiveMode: expected", ""),
        ("client-certificate: a.crt", "client-key: expected the key of the client-cert", ""),
        ("client-certificate-data: '*'", "client-certificate-data: expected base64", ""),
        ("as-groups: [dev]", "as: expected a user", ""),
        ("token: [a]", "token: expected a text", ""),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, user, message, hint):
    """A user entry that leads to no identity is an error that says where and why."""
    with pytest.raises(ClusterError) as caught:
        access(tmp_path, user=user)
    assert message in str(caught.value)
    assert str(tmp_path / "config") in str(caught.value)
    assert hint in caught.value.hint


def test_what_is_missing_is_named(tmp_path):
    """An unknown context, cluster or file is named, with what there is instead."""
    path = write(tmp_path / "config", config("prod", "https://prod"))
    with pytest.raises(ClusterError, match="no context 'test'") as caught:
        find_access(kubeconfig=str(path), context="test", env={})
    assert "prod" in caught.value.hint
    write(path, "contexts: [{name: a, context: {cluster: gone}}]\ncurrent-context: a\n")
    with pytest.raises(ClusterError, match="context 'a' names cluster 'gone'"):
        find_access(kubeconfig=str(path), context=None, env={})
    write(path, "a: [")
    with pytest.raises(ClusterError, match="config: not YAML"):
        find_access(kubeconfig=str(path), context=None, env={})


@pytest.mark.parametrize(
    ("host", "exceptions", "proxied"),
    [
        ("k8s.corp.example", "", True),
        ("k8s.corp.example", "corp.example", False),
        ("k8s.corp.example", ".corp.example", False),
        ("corp.example", ".corp.example", True),
        ("k8s.corp.example", "other.example, *", False),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "10.1.2.3:6443", False),
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("[fd00::1]", "fd00::/8", False),
    ],
)
def test_no_proxy_is_honoured(host, exceptions, proxied):
    """NO_PROXY names domains, addresses, networks and ports; loopback is never proxied."""
    env = {"HTTPS_PROXY": "proxy:3128", "no_proxy": exceptions}
    assert proxy_for(f"https://{host}:6443", env) == ("http://proxy:3128" if proxied else "")


def test_the_kubeconfig_has_the_last_word(tmp_path):
    """proxy-url of a cluster is used whatever the environment says."""
    found = access(tmp_path, cluster=", proxy-url: 'http://mine:1'")
    assert found.proxy == "http://mine:1"
