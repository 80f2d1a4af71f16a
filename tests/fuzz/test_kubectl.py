"""Kubeconfigs are understood as kubectl understands them: the same verdict, the same request.

Drawn are a kubeconfig that works with a few of its fields replaced, and how it is written down.
Left out is where the two differ on purpose: blanks around a token are left out and signs that
nobody sees in it are refused; where nothing says who we are, kubectl asks for a name; with no
cluster at all it goes to localhost:8080.
"""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.errors import ClusterError
from tests.bench.rivals import kubectl
from tests.fuzz.echo import Echo

pytestmark = pytest.mark.fuzz

MANY = 200
V1, BETA = (f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1"))
ODD: list[Any] = [None, "", "x", 5, True, ["x"], {"x": "y"}, [None], "ü", 1.5]


@dataclass(frozen=True)
class Bench:
    """Both programs, and the servers that they are sent to."""

    folder: Path
    kubectl: str
    secure: str
    plain: str

    def of(self, name: str) -> bytes:
        """Return a file that is there."""
        return (self.folder / name).read_bytes()

    def by_kubectl(self, path: Path) -> Any:
        """Return what the server was sent, None where kubectl does not come that far."""
        done = subprocess.run(
            [self.kubectl, f"--kubeconfig={path}", "get", "--raw", "/version"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return None if done.returncode else json.loads(done.stdout)

    def by_us(self, path: Path) -> Any:
        """Return what the server was sent, None where we refuse."""
        try:
            access = find_access(kubeconfig=str(path), context=None, env={})
            client = Client(access, notify=lambda _: None, stop=threading.Event())
            try:
                return client.get("/version")
            finally:
                client.close()
        except ClusterError:
            return None


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    program = kubectl()
    if program is None:
        pytest.skip("there is no kubectl, and none can be had")
    folder = tmp_path_factory.mktemp("kubectl")
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "plugged"}}
    (folder / "plugin").write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    (folder / "plugin").chmod(0o755)
    (folder / "token").write_text("filed\n")
    with Echo(folder, secure=True) as secure, Echo(folder, secure=False) as plain:
        yield Bench(folder, program, secure.address, plain.address)


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def clusters(bench: Bench) -> dict[str, list[Any]]:
    """Return what each field of a cluster may be."""
    ca = bench.of("ca.crt")
    kept = [
        *(ca, b"# K\xf6ln\n" + ca, b"x\0\n" + ca + b"\nx", b"  " + ca, b"\xef\xbb\xbf" + ca),
        *(ca.replace(b"\n", b"\r\n"), bench.of("me.crt"), b"", b"junk", ca[:200] + ca),
    ]
    twice = [{"name": "a", "extension": 1}, {"name": "a"}]
    port = bench.secure.rpartition(":")[2]
    return {
        "server": [
            *(bench.plain, bench.secure.upper(), f"{bench.secure}/a/b/", f"{bench.secure}?x=y"),
            *(bench.plain.removeprefix("http://"), bench.secure.removeprefix("https://")),
            *(bench.secure.replace("//", "//me:p%40@"), f"{bench.secure} ", f"{bench.secure}/%"),
            *(f"https://127.0.0.1:{port}a", f"{bench.secure}/ü x", "https://[::1"),
        ],
        "certificate-authority-data": [*map(base64_of, kept), base64_of(ca) + "\n"],
        "certificate-authority": ["ca.crt", "no/../ca.crt", "missing", "me.key"],
        "insecure-skip-tls-verify": [True, False, "true"],
        "tls-server-name": ["127.0.0.1"],
        "proxy-url": ["127.0.0.1:1", "ftp://a", "socks5://127.0.0.1:1", "http://a:b"],
        "disable-compression": [True, False],
        "extensions": [twice, twice[::-1], [{"name": "a", "extension": 1}]],
    }


def users(bench: Bench) -> dict[str, list[Any]]:
    """Return what each field of a user may be."""
    certificate, key = bench.of("me.crt"), bench.of("me.key")
    relabelled = key.replace(b"PRIVATE", b"RSA PRIVATE")
    plugin = {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never"}
    plugins = [plugin | {key: value} for key in (*plugin, "args", "env") for value in ODD]
    providers = [{"name": name, "config": {"id-token": "a.b.c"}} for name in ("oidc", "gcp", "x")]
    return {
        "token": ["abc"],
        "tokenFile": ["token", "missing"],
        "username": ["me"],
        "password": ["s3cret"],
        "client-certificate-data": [base64_of(certificate), base64_of(b"# \xff\n" + certificate)],
        "client-certificate": ["me.crt", "missing"],
        "client-key-data": [base64_of(key), base64_of(relabelled), base64_of(certificate)],
        "client-key": ["me.key", "missing"],
        "as": ["jürgen"],
        "as-uid": ["1"],
        "as-groups": [["a", "b"]],
        "as-user-extra": [{"a/b": ["c", "d"]}],
        "exec": [plugin, plugin | {"apiVersion": BETA}, *plugins],
        "auth-provider": providers,
    }


@st.composite
def documents(draw: st.DrawFn, bench: Bench) -> dict[str, Any]:
    """Draw a kubeconfig of which some fields are replaced, in the entries or around them."""
    known = {"server": bench.secure, "certificate-authority-data": base64_of(bench.of("ca.crt"))}
    cluster = draw(changed(known, clusters(bench)))
    user, other = draw(changed({"token": "abc"}, users(bench))), draw(changed({}, users(bench)))
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": cluster}],
        "users": [
            {"name": "a", "user": user},
            {"name": "b", "user": other},
        ],
    }
    around: dict[str, list[Any]] = {
        "kind": ["Config", "config"],
        "apiVersion": ["v1", "v2"],
        "preferences": [{"colors": True}],
        "x": [1],
    }
    return draw(changed(whole, around, most=1))


@st.composite
def changed(
    draw: st.DrawFn, known: dict[str, Any], choices: dict[str, list[Any]], most: int = 2
) -> dict[str, Any]:
    fields = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=most))
    likely = {field: st.sampled_from(choices[field]) for field in fields}
    return known | {
        field: draw(st.sampled_from(ODD) if draw(st.integers(0, 5)) == 5 else likely[field])
        for field in fields
    }


def written(document: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw how a document is written down."""
    flow = json.dumps(document)
    block = yaml.safe_dump(document, allow_unicode=True)
    several, twice = f"---\n{block}---\n[\n", f"kind: Other\n{block}"
    texts = [flow, block, several, twice, f"{block}z: {{<<: {flow}}}\n"]
    ways = ["utf-8", "utf-8-sig", "utf-16"]
    return st.builds(str.encode, st.sampled_from(texts), st.sampled_from(ways))


def is_nobody(document: dict[str, Any]) -> bool:
    """Tell whether kubectl would ask for a name."""
    user = document["users"][0]["user"]
    ways = ("token", "tokenFile", "username", "client-certificate", "client-certificate-data")
    return not any(user.get(way) for way in (*ways, "exec", "auth-provider"))


def test_kubeconfigs_mean_what_they_mean_to_kubectl(bench):
    """Refused by both, or the same request with the same credentials."""

    @settings(
        max_examples=MANY,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.data())
    def one(data: st.DataObject) -> None:
        document = data.draw(documents(bench))
        path = bench.folder / "config"
        path.write_bytes(data.draw(written(document)))
        theirs = bench.by_kubectl(path)
        if theirs is not None or not is_nobody(document):
            assert bench.by_us(path) == theirs

    one()
