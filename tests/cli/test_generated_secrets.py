"""Secrets that a deploy makes come out of no command but the one that is asked for them."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.timeout(300)

COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: safe, description: Keeps a key}
spec:
  version: "1"
  namespace: made-secrets
  parameters:
    key:
      type: secret
      generate: token
      description: What opens it
      places:
      - {object: Secret/safe, path: data.key}
      - {object: Secret/safe, key: safe.json, path: users.0.key}
    size:
      type: string
      default: small
      description: How large it is
      places: [{object: ConfigMap/safe, path: data.size}]
"""
BASE = """\
apiVersion: v1
kind: Namespace
metadata: {name: made-secrets}
---
apiVersion: v1
kind: Secret
metadata: {name: safe, namespace: made-secrets}
stringData: {safe.json: '{"users": [{"name": "x"}]}'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: safe, namespace: made-secrets}
data: {size: small}
"""
PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: safes, description: A safe}
spec: {components: {safe: {}}}
"""
SECRET = "/api/v1/namespaces/made-secrets/secrets/safe"
OF = ("--profile", "safes", "--catalog", "catalogue")
STACK = ("--stack", "safes")


@pytest.fixture
def catalogue(cli: Cli) -> Path:
    """A component that makes a key."""
    folder = cli.home / "catalogue"
    files = {
        "manifests/safe/component.yaml": COMPONENT,
        "manifests/safe/base/safe.yaml": BASE,
        "profiles/safes.yaml": PROFILE,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def made(cli: Cli) -> str:
    """Read the key from its Secret."""
    live = cli.connection.client.get(SECRET) or {}
    return base64.b64decode(live["data"]["key"]).decode()


def recorded(cli: Cli) -> str:
    """Read everything that is recorded, unpacked."""
    texts = []
    for kind in ("secrets", "configmaps", "events"):
        path = f"/api/v1/namespaces/stackctl-system/{kind}"
        for each in cli.connection.client.list(path).items:
            texts.append(json.dumps(each))
            texts += [unpacked(text) for text in (each.get("data") or {}).values()]
    return "\n".join(texts)


def unpacked(text: str) -> str:
    """Take a value of the record apart."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return text
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode(
        errors="replace"
    )


@pytest.mark.usefixtures("catalogue")
def test_a_made_secret_comes_out_of_nothing_but_credentials(cli):
    """Every verb that reads or changes the stack, in each format, with events and plans."""
    said = []
    commands: list[tuple[str, ...]] = [
        ("deploy", *OF, "--dry-run", "--plan", "plan.json", "-o", "json"),
        ("deploy", *OF, "--yes", "--debug", "--events", "events.ndjson"),
        ("deploy", *OF, "--yes", "-o", "json"),
        *(("status", *STACK, *more) for more in ((), ("-o", "json"), ("-v",))),
        *(("diff", *OF, *more) for more in ((), ("-o", "json"), ("-v",))),
        ("upgrade", *OF, "--yes", "--set", "safe.size=large"),
        ("diff", *STACK, "--revision", "1"),
        ("history", *STACK, "-o", "yaml"),
        ("rollback", "1", *STACK, "--yes"),
        ("render", *OF),
        ("render", *STACK, "--revision", "1"),
        ("explain", "safe.key", *OF),
        ("explain", "safe", *OF, "-o", "json"),
        ("profiles", "safes", "--catalog", "catalogue", "-v"),
        ("credentials", *STACK),
        ("credentials", *STACK, "-o", "json"),
        ("record", "check", *STACK),
    ]
    values = set()
    for command in commands:
        answer = cli(*command)
        assert answer.code in (0, 1), answer.text
        said.append((" ".join(command), answer.text))
        if "--dry-run" not in command:
            values.add(made(cli))
    (value,) = values  # the same through all of them
    written = {str(path): path.read_text() for path in cli.home.glob("*.*json*")}
    for what, text in (*said, *written.items(), ("the record", recorded(cli))):
        for form in (value, base64.b64encode(value.encode()).decode()):
            assert form not in text, what
    assert value in cli("credentials", "safe", *STACK).out
    document = json.loads(cli("credentials", "safe", *STACK, "-o", "json").out)
    assert document["items"][0]["value"] == value
    misspelt = cli("credentials", "--rotate", "safe.kye", *STACK)
    assert (misspelt.code, "generates no safe.kye; did you mean" in misspelt.err) == (3, True)
    unanswered = cli("credentials", "--rotate", "safe.key", *STACK)
    assert (unanswered.code, "add --yes" in unanswered.err, made(cli)) == (2, True, value)
    rotated = cli("credentials", "--rotate", "safe.key", *STACK, "--yes")
    assert made(cli) != value
    assert made(cli) not in rotated.text
    assert cli("teardown", *STACK, "--yes").out.endswith("residue: none\n")
    assert cli.connection.client.get(SECRET) is None
