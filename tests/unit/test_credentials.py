"""The identity shown to an API server: tokens, certificates, plugins."""

import base64
import json
import stat
from pathlib import Path

import pytest

from stackctl.api.access.access import Access, ExecPlugin, Impersonation, Login
from stackctl.api.access.credentials import Credentials
from stackctl.errors import AccessDenied

V1 = "client.authentication.k8s.io/v1"


def test_a_token_file_is_read_again(tmp_path):
    """A token that was rotated on disk is used within a minute, or at once when refused."""
    token, time = tmp_path / "token", [0.0]
    token.write_text("old")
    login = Login(token_file=str(token))
    credentials = Credentials(Access("https://x", login=login), clock=lambda: time[0])
    first = credentials.identity()
    token.write_text("new")
    assert credentials.identity() is first
    assert credentials.renew(first).headers == (("Authorization", "Bearer new"),)
    token.write_text("newest")
    time[0] = 61.0
    assert credentials.identity().headers == (("Authorization", "Bearer newest"),)


def test_we_can_act_as_somebody_else():
    """Impersonation is shown in headers of its own, one for each group."""
    who = Impersonation("jane", groups=("dev", "ops"), extra=(("example.org/why", ("x",)),))
    credentials = Credentials(Access("https://x", login=Login(token="t", impersonate=who)))
    assert credentials.identity().headers[1:] == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-example.org%2Fwhy", "x"),
    )


class Plugin:
    """A credential plugin that is a small shell script, and the credentials made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "login.sh"
        self.time = 1000.0
        self.said: list[str] = []

    def write(self, script: str) -> None:
        """Do what a script says."""
        self.path.write_text(f"#!/bin/sh\necho run >> {self.folder}/runs\n{script}\n")
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def print(self, **status: str) -> None:
        """Give credentials."""
        answer = {"apiVersion": V1, "kind": "ExecCredential", "status": status}
        self.write(f"cat <<'EOF'\n{json.dumps(answer)}\nEOF")

    def credentials(self, **options) -> Credentials:
        """Use the plugin as a kubeconfig would."""
        plugin = ExecPlugin(V1, str(self.path), args=("get-token", "--key=s3cret"), **options)
        target = Access("https://prod:6443", ca=b"CA", login=Login(plugin=plugin))
        return Credentials(
            target,
            env={"PATH": "/usr/bin:/bin"},
            tell=self.said.append,
            clock=lambda: self.time,
        )

    @property
    def runs(self) -> int:
        """How often it was run."""
        return len((self.folder / "runs").read_text().splitlines())


@pytest.fixture
def plugin(tmp_path):
    return Plugin(tmp_path)


def test_a_token_is_kept_until_it_expires(plugin):
    """A plugin is run once, then again when what it gave is about to expire or refused."""
    plugin.print(token="t", expirationTimestamp="1970-01-01T01:00:00Z")
    credentials = plugin.credentials()
    first = credentials.identity()
    assert first.headers == (("Authorization", "Bearer t"),)
    assert credentials.identity() is first
    assert plugin.runs == 1
    plugin.time = 3595.0
    second = credentials.identity()
    assert plugin.runs == 2
    credentials.renew(second)
    assert plugin.runs == 3


def test_a_certificate_is_taken_as_well(plugin):
    """A plugin may give a client certificate instead of a token."""
    plugin.print(clientCertificateData="CERT", clientKeyData="KEY")
    certificate = plugin.credentials().identity().certificate
    assert certificate is not None
    assert (certificate.content, certificate.key) == (b"CERT", b"KEY")


def test_the_plugin_is_told_about_the_cluster(plugin):
    """KUBERNETES_EXEC_INFO says which cluster it is, where the kubeconfig asks for that."""
    plugin.write(f'echo "$KUBERNETES_EXEC_INFO|$REGION" > {plugin.folder}/info; exit 1')
    credentials = plugin.credentials(cluster_info=True, env=(("REGION", "north"),))
    with pytest.raises(AccessDenied):
        credentials.identity()
    info, region = (plugin.folder / "info").read_text().strip().split("|")
    spec = json.loads(info)["spec"]
    assert region == "north"
    assert spec["cluster"]["server"] == "https://prod:6443"
    assert base64.b64decode(spec["cluster"]["certificate-authority-data"]) == b"CA"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo first >&2; echo 'token expired' >&2; exit 3", "exited with 3: token expired"),
        ("exit 1", "exited with 1: no message"),
        ("kill -9 $$", "killed by signal 9"),
        ("echo {", "neither JSON nor YAML"),
        ("echo '{}'", "no ExecCredential"),
    ],
)
def test_a_failing_plugin_is_an_error(plugin, script, message):
    """A plugin that fails is named with its last words; nobody is asked anonymously."""
    plugin.write(script)
    with pytest.raises(AccessDenied, match=message) as caught:
        plugin.credentials().identity()
    assert "login.sh get-token" in str(caught.value)
    assert "s3cret" not in str(caught.value) + caught.value.hint


def test_an_empty_answer_is_an_error(plugin):
    """A credential with nothing in it is refused."""
    plugin.print()
    with pytest.raises(AccessDenied, match="neither a token nor a certificate"):
        plugin.credentials().identity()


def test_what_the_plugin_says_is_passed_on(plugin):
    """Its messages are told while it runs: they may ask to open a page."""
    plugin.write("echo 'open https://login.example' >&2; exit 1")
    with pytest.raises(AccessDenied):
        plugin.credentials().identity()
    assert plugin.said == ["open https://login.example"]


def test_a_missing_plugin_gets_its_hint(plugin):
    """Where the program is not installed, the kubeconfig's own hint is shown."""
    with pytest.raises(AccessDenied, match="is not installed") as caught:
        plugin.credentials(install_hint="install it from example.org").identity()
    assert caught.value.hint == "install it from example.org"


def test_questions_need_a_terminal(plugin, monkeypatch):
    """A plugin that has to ask is not started where nobody can answer."""
    plugin.print(token="t")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(AccessDenied, match="no terminal"):
        plugin.credentials(interactive="Always").identity()
