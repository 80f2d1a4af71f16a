"""What kubectl accepts of a kubeconfig is accepted, and nothing else; tried with kubectl 1.37.

`tests/fuzz/test_kubectl.py` asks kubectl itself. What needs a server is in the tests of those.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from stackctl.api.access.access import Access
from stackctl.api.access.credentials import Credentials
from stackctl.api.access.kubeconfig import find_access
from stackctl.errors import ClusterError

V1 = "client.authentication.k8s.io/v1"
WHOLE = """\
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "https://a:1"}}]
users: [{name: a, user: {token: secret}}]
"""


def read(folder: Path, content: str | bytes) -> Access:
    path = folder / "config"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return find_access(kubeconfig=str(path), context=None, env={})


def entry(folder: Path, kind: str, **fields: Any) -> Access:
    """Read a kubeconfig with more in the only entry of a kind; None takes away."""
    known: dict[str, Any] = {"cluster": {"server": "https://a:1"}, "user": {}}
    known[kind] |= fields
    document = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": known["cluster"]}],
        "users": [{"name": "a", "user": known["user"]}],
    }
    return read(folder, json.dumps(document))


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        b"\xef\xbb\xbf" + WHOLE.encode(),
        WHOLE.encode("utf-16"),
        b"\xfe\xff" + WHOLE.encode("utf-16-be"),
        WHOLE.replace("\n", "\r\n"),
        "--- # one\n" + WHOLE + "---\nkind: Other\n",
        WHOLE + "---\nnot: [yaml\n",
        "current-context: b\n" + WHOLE,
        "%YAML 1.1\n---\n" + WHOLE,
        WHOLE + "x: [&a 1, &a 2, *a, !tag x, 2024-01-01, {1: 1, true: 2}]\n",
        WHOLE.replace("token: secret", "<<: {token: a}, token: !!str secret"),
        WHOLE.replace("token: secret", "token: a, <<: {token: secret}"),
        WHOLE.replace("token: secret", "<<: [{token: secret}, {token: b}]"),
        WHOLE.replace("token: secret", "token: !!binary c2VjcmV0"),
        WHOLE.replace("users: [", "users: [null, "),
        WHOLE.replace("kind: Config", "kind:\npreferences: {colors: yes}\nusErs: 1"),
    ],
)
def test_yaml_is_read_as_kubectl_reads_it(tmp_path, content):
    """Encodings, the first of several documents, the last of several values, merges in order."""
    found = read(tmp_path, content)
    assert (found.server, found.login.token) == ("https://a:1", "secret")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" * 2 + WHOLE.encode(),
        WHOLE.encode("utf-16-le"),
        WHOLE.encode("utf-32"),
        WHOLE.encode() + b"# \xe4\n",
        "%YAML 1.2\n---\n" + WHOLE,
        WHOLE + "x: .nan\n",
        WHOLE + "x: {~: 1}\n",
        WHOLE + "x: {[a]: 1}\n",
        WHOLE + "x: {<<: null}\n",
        WHOLE + "x: &x [{}]\ny: {<<: *x}\n",
        WHOLE + "x: &x [*x]\n",
        WHOLE + "x: !!int a\n",
        WHOLE + "x: " + "[" * 5000,
        WHOLE.replace("kind: Config", "kind: config"),
        WHOLE.replace("apiVersion: v1", "apiVersion: v2"),
        "[]",
        "text",
    ],
)
def test_what_kubectl_cannot_read_is_refused(tmp_path, content):
    """Each in one error, which names the file."""
    with pytest.raises(ClusterError, match="config: "):
        read(tmp_path, content)


@pytest.mark.parametrize("value", ["0123", "on", "1e3", "[secret]", "{secret: secret}", "08", "y"])
@pytest.mark.parametrize("field", ["password", "token", "username", "as"])
def test_a_text_that_is_none_is_named_and_not_shown(tmp_path, field, value):
    """Kubectl refuses a password 0123 that is not quoted, for it is a number."""
    with pytest.raises(ClusterError) as caught:
        read(tmp_path, WHOLE.replace("token: secret", f"{field}: {value}"))
    assert f"users[0].user.{field}: expected a text" in str(caught.value)
    assert value not in str(caught.value).replace("config", "").partition(f"{field}: ")[2]
    quoted = read(tmp_path, WHOLE.replace("token: secret", f"{field}: '{value}'"))
    assert quoted.server == "https://a:1"


@pytest.mark.parametrize(
    ("value", "meant"),
    [("yes", True), ("on", True), ("TRUE", True), ("y", True), ("no", False), ("~", False)],
)
def test_booleans_have_many_names(tmp_path, value, meant):
    """Those of YAML 1.1; a text is none, whatever it says."""
    text = WHOLE.replace('"https://a:1"', '"https://a:1", insecure-skip-tls-verify: ')
    assert read(tmp_path, text.replace("verify: ", f"verify: {value}")).insecure is meant
    for wrong in (f"'{value}'", "1", "T"):
        with pytest.raises(ClusterError, match=r"insecure-skip-tls-verify: expected true or false"):
            read(tmp_path, text.replace("verify: ", f"verify: {wrong}"))


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        ("cluster", {"server": ""}, "cluster.server: expected the address"),
        ("cluster", {"server": "https://a:b"}, "cluster.server: expected an https address"),
        ("cluster", {"server": "https://a:1 "}, "cluster.server: expected an https address"),
        ("cluster", {"server": "a:1/path"}, "cluster.server: expected an https address"),
        ("cluster", {"server": "https://a:1/%zz"}, "a % in it that quotes nothing"),
        ("cluster", {"server": "https://u:s3 cret@a:1"}, "cluster.server: expected an https"),
        ("cluster", {"server": 5}, "cluster.server: expected a text"),
        ("cluster", {"proxy-url": "a:1"}, "cluster.proxy-url: expected the address of a proxy"),
        (
            "cluster",
            {"proxy-url": "ftp://a:1"},
            "not begin with http://, https:// or socks5",
        ),
        ("cluster", {"proxy-url": "socks5h://a:1"}, "cluster.proxy-url: expected"),
        ("cluster", {"proxy-url": "http://me:s3cret/x@a:1"}, "before the @ is to be quoted"),
        ("cluster", {"proxy-url": 'http://me:"s3cret@a:1'}, "before the @ is to be quoted"),
        ("cluster", {"certificate-authority": "nope"}, "there is no "),
        ("cluster", {"certificate-authority-data": "QQ"}, "expected base64 of a PEM"),
        ("cluster", {"certificate-authority-data": "QUJ DRA=="}, "expected base64 of a PEM"),
        (
            "cluster",
            {"certificate-authority-data": "QQ==", "certificate-authority": "x"},
            "this or certificate-authority-data, not both",
        ),
        (
            "cluster",
            {"certificate-authority-data": "QQ==", "insecure-skip-tls-verify": True},
            "cluster.insecure-skip-tls-verify: expected this or",
        ),
        (
            "cluster",
            {"extensions": [{"name": "x", "extension": 1}, {"name": "x"}]},
            "'x' is there twice",
        ),
        ("user", {"token": "s3cret", "username": "u"}, "user.token: expected this or a username"),
        ("user", {"token": "s3cret", "password": "s3cret"}, "user.token: expected this or"),
        ("user", {"tokenFile": "x", "username": "u"}, "user.tokenFile: expected this or"),
        ("user", {"client-certificate-data": "QQ=="}, "user.client-key: expected the key"),
        (
            "user",
            {"client-certificate": "nope", "client-key-data": "QQ=="},
            "user.client-certificate: expected a file",
        ),
        ("user", {"as-uid": "x"}, "user.as: expected a user"),
        ("user", {"as-user-extra": {"a": "b"}}, "user.as-user-extra.a: expected a list"),
        ("user", {"exec": {}}, "user.exec.command: expected a program"),
        ("user", {"exec": {"command": "x"}}, "user.exec.apiVersion: expected"),
        (
            "user",
            {"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "never"}},
            "user.exec.interactiveMode: expected",
        ),
        ("user", {"exec": {}, "auth-provider": {}}, "user.exec: expected this or an auth-provider"),
        ("user", {"auth-provider": {"name": "azure"}}, "'azure' is no longer part of kubectl"),
        ("user", {"auth-provider": {}}, "'' is none that kubectl knows"),
        (
            "user",
            {"auth-provider": {"name": "oidc", "config": {"id-token": "s3cret"}}},
            "config.idp-issuer-url: expected a text",
        ),
    ],
)
def test_what_kubectl_refuses_is_refused_by_its_place(tmp_path, kind, fields, problem):
    """The field and what was expected, never what is secret in it."""
    with pytest.raises(ClusterError) as caught:
        entry(tmp_path, kind, **fields)
    assert problem in str(caught.value)
    assert str(tmp_path / "config") in str(caught.value)
    assert "s3" not in str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HTTPS://a:1/", "https://a:1"),
        ("https://a:1/x//", "https://a:1/x"),
        ("https://a:1?x=1#f", "https://a:1"),
        ("https://a:1/k ü%20", "https://a:1/k%20%C3%BC%20"),
        ("https://a", "https://a"),
        ("a:1", "http://a:1"),
        ("Http://a", "http://a"),
        ("https://[fd00::1]:1", "https://[fd00::1]:1"),
    ],
)
def test_addresses_are_read_as_kubectl_reads_them(tmp_path, written, meant):
    """Schemes in capitals, paths of gateways; without a scheme it is http, whatever is trusted."""
    assert entry(tmp_path, "cluster", server=written).server == meant


def test_a_login_in_the_address_comes_first(tmp_path):
    """As in kubectl, whose HTTP library shows it before anybody asks for a token."""
    config = WHOLE.replace("https://a:1", "https://me:p%40ss@a:1/x@y")
    found = read(tmp_path, config)
    assert found.server == "https://a:1/x@y"
    pair = base64_of(b"me:p@ss")
    assert Credentials(found).identity().headers == (("Authorization", f"Basic {pair}"),)


def test_what_is_kept_is_bytes(tmp_path):
    """Line breaks in base64 are nothing, and what it stands for need not be text."""
    kept = base64_of(b"\xff\x00PEM" * 20)
    folded = "\r\n".join(kept[at : at + 64] for at in range(0, len(kept), 64))
    assert entry(tmp_path, "cluster", **{"certificate-authority-data": folded}).ca[:2] == b"\xff\0"


def test_one_that_is_wrong_spoils_all_as_in_kubectl(tmp_path):
    """A wrong shape anywhere, not what contradicts itself in an entry that nobody uses."""
    twofold = "{name: b, user: {exec: {}, token: x, username: z}}"
    other = f"users: [{twofold}, {{name: a, user: {{token: t}}}}]"
    users = "users: [{name: a, user: {token: secret}}]"
    assert read(tmp_path, WHOLE.replace(users, other)).login.token == "t"
    with pytest.raises(ClusterError, match=r"users\[0\]\.user\.exec\.args\[1\]: expected a text"):
        read(tmp_path, WHOLE.replace(users, other.replace("{}", "{args: [a, 1]}")))
    with pytest.raises(ClusterError, match="users: the name 'a' is there twice"):
        read(tmp_path, WHOLE.replace(users, other.replace("name: b", "name: a")))


@pytest.mark.parametrize(
    "user",
    [
        {"client-key": "nope"},
        {"token": "t", "tokenFile": "nope"},
        {"token": "t", "exec": {"apiVersion": V1, "command": "no", "interactiveMode": "Never"}},
        {"exec": None, "auth-provider": None, "token": "t", "unknown": 1},
        {"as": "jürgen", "as-groups": ["x", None], "as-user-extra": {"a/b": ["c"], "d": None}},
    ],
)
def test_what_kubectl_does_not_look_at_is_not_looked_at(tmp_path, user):
    """A key alone, a file beside a token, a plugin beside one."""
    shown = Credentials(entry(tmp_path, "user", **user), env={}).identity()
    assert shown.certificate is None


def test_names_are_sent_in_utf_8(tmp_path):
    """The bytes that kubectl sends: the HTTP library writes each character as one byte."""
    shown = dict(Credentials(entry(tmp_path, "user", **{"as": " jürgen "})).identity().headers)
    assert shown["Impersonate-User"].encode("latin-1") == "jürgen".encode()


def test_a_pipe_is_read_once(tmp_path):
    """`--kubeconfig <(…) --context a --context b`: what was read is not there a second time."""
    source, sink = os.pipe()
    with os.fdopen(sink, "w") as file:
        file.write(WHOLE)
    try:
        for _ in range(2):
            path = f"/dev/fd/{source}"
            assert find_access(kubeconfig=path, context="a", env={}).login.token == "secret"
    finally:
        os.close(source)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    "address", ["http://me:s3cret@p:abc", "http://me:s3cret/@p:1", "ftp://p:1"]
)
def test_a_proxy_of_the_environment_is_named_by_its_variable(tmp_path, name, address):
    """And nothing of its login is told."""
    path = tmp_path / "config"
    path.write_text(WHOLE)
    with pytest.raises(ClusterError, match="HTTPS_PROXY: expected the address") as caught:
        find_access(kubeconfig=str(path), context=None, env={name: address})
    assert "s3cret" not in str(caught.value)
