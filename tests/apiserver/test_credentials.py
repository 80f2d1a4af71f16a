"""Kubeconfigs as people have them, and who the API server then takes us for."""

import base64
import copy
import itertools
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.errors import AccessDenied, ClusterError, Unreachable
from stackctl.model.run.events import Notice
from tests.apiserver.provider import Provider
from tests.apiserver.tunnel import Socks

V1 = "client.authentication.k8s.io/v1"
ADMINISTRATOR = "kubernetes-admin"
ROBOT = "system:serviceaccount:default:"
EXPIRED = "e30.eyJleHAiOjF9.c2ln"  # {"exp":1}
_numbers = itertools.count(1)


class Config:
    """A kubeconfig that works, to be changed, and somebody's token beside it."""

    def __init__(self, client: Client, kubeconfig: Path, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config"
        self.document: dict[str, Any] = copy.deepcopy(json.loads(kubeconfig.read_text()))
        self.name = f"robot-{next(_numbers)}"
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        kind = {"apiVersion": "v1", "kind": "ServiceAccount"}
        client.create(accounts, kind | {"metadata": {"name": self.name}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        given = client.create(f"{accounts}/{self.name}/token", request)
        self.token: str = given["status"]["token"]
        self.told: list[str] = []

    @property
    def cluster(self) -> dict[str, Any]:
        """The cluster's entry."""
        return self.document["clusters"][0]["cluster"]  # type: ignore[no-any-return]

    @property
    def authority(self) -> bytes:
        """Whom the cluster's certificates are from."""
        return base64.b64decode(self.cluster["certificate-authority-data"])

    def show(self, **user: Any) -> None:
        """Say who we are."""
        self.document["users"][0]["user"] = user

    def whoami(self) -> str:
        """Return whom the server takes us for."""
        self.path.write_text(json.dumps(self.document))
        access = find_access(kubeconfig=str(self.path), context=None, env=os.environ)
        client = Client(access, notify=self._note, stop=threading.Event())
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
            seen = client.create(path, review | {"metadata": {}})
        finally:
            client.close()
        return str(seen["status"]["userInfo"]["username"])

    def _note(self, event: Any) -> None:
        if isinstance(event, Notice):
            self.told.append(event.text)


@pytest.fixture
def config(client, kubeconfig, tmp_path) -> Config:
    return Config(client, kubeconfig, tmp_path)


@pytest.mark.parametrize("around", ["{}\n", " {}", "\t{}\r\n", "{}\u00a0"])
def test_blanks_around_a_token_are_left_out(config, around):
    """`base64 -d` and `token: |` leave a line break, which no header can hold."""
    config.show(token=around.format(config.token))
    assert config.whoami() == ROBOT + config.name


@pytest.mark.parametrize("sign", ["\n", "\u200b", "\ufeff", "\x7f", "\0"])
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(config, sign):
    """The place is in the message, and nothing of what is there."""
    half = len(config.token) // 2
    config.show(token=config.token[:half] + sign + config.token[half:])
    with pytest.raises(ClusterError, match=r"users\[0\]\.user\.token: ") as caught:
        config.whoami()
    assert config.token[:8] not in str(caught.value) + caught.value.hint
    assert config.token[-8:] not in str(caught.value) + caught.value.hint


def test_a_token_is_used_while_its_file_cannot_be_read(config):
    """A token beside a file that is not there; the file has the first word where it is."""
    config.show(token=config.token, tokenFile="missing")
    assert config.whoami() == ROBOT + config.name
    (config.folder / "there").write_text(f"{config.token}\n")
    config.show(token="nonsense", tokenFile="there")
    assert config.whoami() == ROBOT + config.name


@pytest.mark.parametrize(
    "around",
    [
        "# Zertifizierungsstelle Köln\n".encode(),
        "# Zertifizierungsstelle Köln\n".encode("latin-1"),
        b"Bag Attributes\n    friendlyName: \xff\x00\nsubject=CN = ca\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nnever ended\n",
    ],
)
def test_an_authority_is_found_among_other_things(config, around):
    """Comments, attributes of a bag, and certificates that are none, in any encoding."""
    for content in (around + config.authority, config.authority + b"\n" + around):
        config.cluster["certificate-authority-data"] = base64.b64encode(content).decode()
        assert config.whoami() == ADMINISTRATOR


def test_a_certificate_and_its_key_are_found_among_other_things(config):
    """A client certificate with a comment, a key whose label is another's."""
    user = config.document["users"][0]["user"]
    certificate, key = (
        base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")
    )
    (config.folder / "me.crt").write_bytes("# für mich\n".encode("latin-1") + certificate)
    begin, _, rest = key.partition(b"-----\n")
    label = b"RSA PRIVATE KEY" if b"RSA" not in begin else b"PRIVATE KEY"
    end = b"-----END " + label + b"-----\n"
    odd = b"-----BEGIN " + label + b"-----\n" + rest.partition(b"-----END")[0] + end
    config.show(
        **{"client-certificate": "me.crt", "client-key-data": base64.b64encode(odd).decode()}
    )
    assert config.whoami() == ADMINISTRATOR


def oidc(provider: str, **tokens: str) -> dict[str, Any]:
    known = {"idp-issuer-url": provider, "client-id": "stackctl", "client-secret": "cl1ent-s3cret"}
    return {"auth-provider": {"name": "oidc", "config": known | tokens}}


def test_a_valid_id_token_is_shown(config):
    """Nobody is asked while the token has not expired: the provider may be out of reach."""
    config.show(**oidc("http://127.0.0.1:1", **{"id-token": config.token}))
    assert config.whoami() == ROBOT + config.name


@pytest.mark.parametrize("in_header", [True, False])
def test_an_expired_id_token_is_renewed_and_kept(config, in_header):
    """As kubectl does it: the new tokens are in the kubeconfig, everything else there as it was."""
    with Provider(config.token, in_header=in_header) as provider:
        old = {"id-token": EXPIRED, "refresh-token": "refresh-token-0"}
        config.show(**oidc(provider.issuer, **old))
        assert config.whoami() == ROBOT + config.name
        assert {each["grant_type"] for each in provider.asked} == {"refresh_token"}
        last = provider.valid
    written = find_access(kubeconfig=str(config.path), context=None, env={}).login.oidc
    assert written is not None
    assert (written.id_token, written.refresh_token) == (config.token, last)
    assert (written.issuer, written.client_secret) == (provider.issuer, "cl1ent-s3cret")
    assert config.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in config.folder.iterdir()] == ["config"]


def test_a_token_that_cannot_be_renewed_is_an_error_without_secrets(config):
    """The provider's answer is told by its code, for it repeats what it was asked with."""
    with Provider(config.token) as provider:
        config.show(**oidc(provider.issuer, **{"refresh-token": "refresh-token-stale"}))
        with pytest.raises(AccessDenied, match=r"answered 401 \(invalid_client\)") as caught:
            config.whoami()
    assert "stale" not in str(caught.value)
    config.show(**oidc("http://127.0.0.1:1", **{"id-token": EXPIRED}))
    with pytest.raises(AccessDenied, match="has expired, and there is no refresh token"):
        config.whoami()


def test_tokens_that_cannot_be_kept_are_told(config):
    """Another program holds the kubeconfig: the token is used, and the next run has none."""
    with Provider(config.token) as provider:
        config.show(**oidc(provider.issuer, **{"refresh-token": "refresh-token-0"}))
        lock = config.folder / "config.lock"
        lock.touch()
        assert config.whoami() == ROBOT + config.name
    assert lock.exists()
    assert "the renewed tokens are not kept" in " ".join(config.told)


def test_a_plugin_is_told_what_the_cluster_says_to_it(config):
    """The extension that is for plugins, and that answers are not to be compressed."""
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": config.token}}
    plugin = config.folder / "plugin"
    told = config.folder / "told"
    plugin.write_text(
        f"#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" > {told}\necho '{json.dumps(answer)}'\n"
    )
    plugin.chmod(0o755)
    run = {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never"}
    config.show(exec=run | {"provideClusterInfo": True})
    said = {"audience": "team-a", "scopes": ["x", None], "level": 3}
    config.cluster["extensions"] = [
        {"name": "client.authentication.k8s.io/exec", "extension": said}
    ]
    config.cluster["disable-compression"] = True
    assert config.whoami() == ROBOT + config.name
    cluster = json.loads(told.read_text())["spec"]["cluster"]
    assert cluster["config"] == said
    assert cluster["disable-compression"] is True
    assert base64.b64decode(cluster["certificate-authority-data"]) == config.authority


def test_a_plugin_is_not_asked_where_something_else_says_who_we_are(config):
    """A token, a name or a certificate beside it has the first word."""
    run = {"apiVersion": V1, "command": "no-such-program", "interactiveMode": "Never"}
    own = config.document["users"][0]["user"]
    config.show(exec=run, token=config.token)
    assert config.whoami() == ROBOT + config.name
    config.show(exec=run, **own)
    assert config.whoami() == ADMINISTRATOR


@pytest.mark.parametrize("login", [None, (b"me", b"s3cret/@")])
def test_a_socks_proxy_makes_the_connection(config, login):
    """`ssh -D` is enough; with a login where it asks for one. Names are looked up over there."""
    with Socks(login) as socks:
        said = "me:s3cret%2F%40@" if login else ""
        config.cluster["proxy-url"] = f"socks5://{said}127.0.0.1:{socks.port}"
        config.cluster["server"] = config.cluster["server"].replace("127.0.0.1", "localhost")
        config.cluster["tls-server-name"] = "kubernetes"
        assert config.whoami() == ADMINISTRATOR
        assert socks.targets == [config.cluster["server"].removeprefix("https://")]


def test_a_socks_proxy_that_is_not_there_is_named_without_its_login(config):
    """What cannot be reached is the proxy, not the server."""
    config.cluster["proxy-url"] = "socks5://me:s3cret@127.0.0.1:1"
    with pytest.raises(Unreachable, match=r"proxy 127\.0\.0\.1:1: ") as caught:
        config.whoami()
    assert "s3cret" not in str(caught.value) + caught.value.hint
