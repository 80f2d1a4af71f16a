"""Secrets that are made once on a real API server: shown when asked, recorded nowhere."""

import base64
import gzip
import json
from dataclasses import replace

import pytest

from stackctl.actions.credentials import credentials, readers_of, rotate
from stackctl.actions.deploy import deploy
from stackctl.cluster.change.options import RunOptions
from stackctl.errors import ConfigError, ConflictError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack

QUICK = RunOptions(timeout=60.0, holder="tester@here")


@pytest.fixture
def shelf(stack, tmp_path):
    """A store that makes its key, and a reader that is given it."""
    made = Shelf(tmp_path, stack.name)
    document = {"config.json": '{"users": [{}]}', "user": "admin"}
    places = [
        {"object": "Secret/store", "path": "data.key"},
        {"object": "Secret/store", "key": "config.json", "path": "users.0.key"},
    ]
    key = {"type": "secret", "generate": "token", "description": "d", "places": places}
    made.put(
        "store",
        "1",
        stack.namespace(),
        stack.object("v1", "Secret", "store") | {"stringData": document},
        stack.config("store"),
        provides=["store"],
        attributes={"store.key": "{key}"},
        parameters={"key": key},
    )
    place = {"object": "Secret/reader", "path": "data.key"}
    wired = {"type": "secret", "from": "store.key", "description": "d", "places": [place]}
    made.put(
        "reader",
        "1",
        stack.namespace(),
        stack.object("v1", "Secret", "reader"),
        parameters={"key": wired},
    )
    return made


def run(stack: Stack, shelf: Shelf, *sets: str):
    request = replace(shelf.request(), sets=sets)
    return deploy(
        request, stack.connection, agree=lambda *_: True, notify=stack.tell, options=QUICK
    )


def held(stack: Stack, name: str) -> dict[str, str]:
    """Read what a Secret holds."""
    found: Manifest = stack.get(f"secrets/{name}") or {}
    return {key: base64.b64decode(text).decode() for key, text in found["data"].items()}


def recorded(stack: Stack) -> str:
    """Read everything in the namespace of records, unpacked."""
    texts = [repr(stack.told)]
    for kind in ("secrets", "configmaps"):
        for each in stack.client.list(f"/api/v1/namespaces/{stack.home}/{kind}").items:
            texts.append(json.dumps(each))
            for values in (each.get("data") or {}, each.get("binaryData") or {}):
                texts += [_unpacked(text) for text in values.values()]
    return "\n".join(texts)


def _unpacked(text: str) -> str:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return text
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return content.decode(errors="replace")


def rotated(stack: Stack, name: str):
    return rotate(
        stack.id,
        stack.connection,
        name,
        agree=lambda _: True,
        notify=stack.tell,
        options=QUICK,
    )


def test_a_secret_is_made_once_and_is_in_no_record(stack, shelf):
    """Whoever is wired to it gets the same; a second run writes nothing."""
    plan = run(stack, shelf).plan
    assert plan.generated[Ref("", "Secret", stack.name, "store")] == ("store.key",)
    made = held(stack, "store")
    assert len(made["key"]) > 30
    assert json.loads(made["config.json"]) == {"users": [{"key": made["key"]}]}
    assert made["user"] == "admin"
    assert held(stack, "reader")["key"] == made["key"]
    version = stack.get("secrets/store")["metadata"]["resourceVersion"]
    assert run(stack, shelf).plan.empty
    assert stack.get("secrets/store")["metadata"]["resourceVersion"] == version
    stands = base64.b64encode(b"<stackctl:store.key>").decode()
    assert stands in recorded(stack)  # so we looked at the right places
    assert made["key"] not in recorded(stack)
    assert base64.b64encode(made["key"].encode()).decode() not in recorded(stack)
    (entry,) = stack.get("secrets/store")["metadata"]["managedFields"]
    assert entry["manager"] == "stackctl-credentials"


def test_a_secret_that_was_deleted_is_made_again_and_told_to_who_reads_it(stack, shelf):
    """A run that has nothing else to do does that."""
    run(stack, shelf)
    before = held(stack, "store")["key"]
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/secrets/store")
    run(stack, shelf)
    assert held(stack, "store")["key"] not in ("", before)
    assert held(stack, "reader")["key"] == held(stack, "store")["key"]


def test_credentials_shows_values_and_rotation_reaches_every_copy(stack, shelf):
    """By name; what is not generated is refused."""
    run(stack, shelf)
    (found,) = credentials(stack.id, stack.connection)
    assert (found.name, found.key, found.kind) == ("store.key", "key", "token")
    assert found.value == held(stack, "store")["key"]
    assert credentials(stack.id, stack.connection, "reader") == ()
    done = rotated(stack, "store.key")
    assert {ref.name for ref in done.written} == {"store", "reader"}
    fresh = held(stack, "store")["key"]
    assert fresh != found.value
    assert held(stack, "reader")["key"] == fresh
    assert json.loads(held(stack, "store")["config.json"])["users"][0]["key"] == fresh
    assert run(stack, shelf).plan.empty
    assert held(stack, "store")["key"] == fresh
    with pytest.raises(ConfigError, match=r"generates no store\.kye; did you mean store\.key"):
        rotated(stack, "store.kye")
    with pytest.raises(ConfigError, match="has no component stor; did you mean store"):
        credentials(stack.id, stack.connection, "stor")


def test_a_secret_that_somebody_sets_is_written_and_recorded_apart(stack, shelf):
    """In the Secret of what `--set` says, as every secret setting; in no bundle."""
    run(stack, shelf)
    run(stack, shelf, "store.key=chosen-by-me-1")
    assert held(stack, "store")["key"] == "chosen-by-me-1"
    assert held(stack, "reader")["key"] == "chosen-by-me-1"
    run(stack, shelf)  # nobody sets it any more: it stays what it is
    assert held(stack, "store")["key"] == "chosen-by-me-1"


def test_a_secret_goes_with_the_stack_and_stays_beside_its_data(stack, shelf):
    """As long as a claim stays there is something that it opens; the next deploy finds it."""
    run(stack, shelf)
    before = held(stack, "store")["key"]
    claim = stack.object("v1", "PersistentVolumeClaim", "data") | {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
    }
    path = f"/api/v1/namespaces/{stack.name}/persistentvolumeclaims"
    stack.client.create(path, claim)
    outcome = stack.teardown()
    assert outcome.residue == ()
    kept = {each.ref: each.why for each in outcome.kept}
    assert "may open the data" in kept[Ref("", "Secret", stack.name, "store")]
    assert held(stack, "store")["key"] == before
    run(stack, shelf)
    assert held(stack, "store")["key"] == before
    stack.client.delete(f"{path}/data")
    stack.teardown()
    assert stack.get("secrets/store") is None
    stack.client.delete(f"/api/v1/namespaces/{stack.name}")


def test_a_secret_of_somebody_else_is_refused(stack, shelf):
    """Nothing is written into it, nothing of the stack is applied."""
    stack.client.create("/api/v1/namespaces", stack.namespace())
    theirs = stack.object("v1", "Secret", "store") | {"stringData": {"key": "theirs-alone"}}
    stack.client.create(f"/api/v1/namespaces/{stack.name}/secrets", theirs)
    with pytest.raises(ConflictError, match=r"exists already and was not made for store\.key"):
        run(stack, shelf)
    assert held(stack, "store") == {"key": "theirs-alone"}
    assert stack.get("configmaps/store") is None


def test_who_reads_a_secret_is_known_by_what_its_pods_name(stack):
    """Variables, volumes; not a Secret of the same name elsewhere."""
    variable = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "store", "key": "key"}}}
    pod = {"spec": {"containers": [{"name": "c", "env": [variable]}]}}
    reader = stack.deployment("reader", template=pod)
    part = stack.part("a", reader, stack.deployment("other"))
    secret = Ref("", "Secret", stack.name, "store")
    assert [ref.name for ref in readers_of(Bundle("p", (part,)), secret)] == ["reader"]
    assert not list(readers_of(Bundle("p", (part,)), secret._replace(namespace="elsewhere")))
