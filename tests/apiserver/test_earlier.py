"""A stack that stackctl 0.1 made is taken over where it is first touched, whatever the verb."""

import base64
from dataclasses import asdict, fields
from typing import Any

import pytest

from stackctl.actions.status import status
from stackctl.cluster.record import indexes, releases, shards
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.model.catalogue.profile import Needs
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import MANAGED_BY, RECORD_NAMESPACE, Manifest, digest, ref_of
from stackctl.model.ownership.proof import mark_of
from stackctl.model.plan.plan import EARLIER, Action
from stackctl.model.release.release import pack
from tests.apiserver.stacks import Stack

SETS = {"app.password": "hunter2"}


def app(stack: Stack, value: str, *more: Manifest) -> BundleComponent:
    extra = {"dropped": "1"} if value == "one" else {}
    return stack.part("app", stack.namespace(), stack.config("x", key=value, **extra), *more)


@pytest.fixture
def earlier(stack: Stack) -> Stack:
    """A stack of one revision, applied and recorded as the first programs did."""
    part = app(stack, "one", stack.config("y"))
    shards.keep(stack.client, stack.id, part)
    entries = [entry_of(stack, manifest) for manifest in part.objects]
    release = {
        "format": 1,
        "stack": stack.name,
        "revision": 1,
        "status": "deployed",
        "profile": "test",
        "bundle": Bundle("test", (part,)).digest,
        "cluster": stack.connection.info.cluster_uid,
        "by": "tester@here",
        "tool": "0.1.0",
        "begun": "2026-01-01T00:00:00Z",
        "finished": "2026-01-01T00:00:01Z",
        "message": "",
        "command": "deploy --profile test",
        "sets": SETS,
        "components": {"app": "1.0.0"},
        "shards": {"app": part.digest},
        "requires": {each.name: asdict(Needs())[each.name] for each in fields(Needs)},
        "inventory": entries,
    }
    labels = {MANAGED_BY: "stackctl", RECORD_LABEL: stack.name, "stackctl.dev/revision": "1"}
    name = f"stackctl.{stack.name}.v1"
    metadata = {"name": name, "namespace": RECORD_NAMESPACE, "labels": labels}
    content = {"release": base64.b64encode(pack(release)).decode()}
    index = {"apiVersion": "v1", "kind": "Secret", "type": "stackctl.dev/release"}
    stack.client.create(
        f"/api/v1/namespaces/{RECORD_NAMESPACE}/secrets",
        index | {"metadata": metadata, "data": content},
    )
    return stack


def entry_of(stack: Stack, manifest: Manifest) -> dict[str, Any]:
    path = stack.connection.discovery.path_of(manifest)
    live = stack.client.apply(path, manifest, manager="stackctl")
    (own,) = live["metadata"]["managedFields"]
    return {
        "ref": ref_of(manifest).key,
        "component": "app",
        "version": "v1",
        "uid": live["metadata"]["uid"],
        "rendered": digest(manifest),
        "owned": digest(own["fieldsV1"]),
        "created": True,
    }


def managers(stack: Stack) -> set[str]:
    return {each["manager"] for each in stack.get("configmaps/x")["metadata"]["managedFields"]}


def test_it_is_as_well_as_it_was(earlier):
    """A look changes nothing, and finds no drift in what another program wrote."""
    seen = status(earlier.id, earlier.connection)
    assert seen.current
    assert managers(earlier) == {"stackctl"}


def test_the_first_deploy_takes_it_over(earlier):
    """Nothing else changes; the plan says why it touches everything, and the next one nothing."""
    outcome = earlier.deploy(app(earlier, "one", earlier.config("y")))
    assert {each.reason for each in outcome.plan.changes} == {EARLIER}
    assert set(outcome.plan.counts) == {Action.UPDATE}
    assert managers(earlier) == {earlier.id.manager}
    assert mark_of(earlier.get("configmaps/x")).digest
    assert outcome.release.revision == 2
    assert earlier.deploy(app(earlier, "one", earlier.config("y"))).release is None
    assert earlier.teardown().residue == ()


def test_an_upgrade_of_it_changes_drops_and_prunes(earlier):
    """What the earlier program's claims alone would keep is gone."""
    earlier.deploy(app(earlier, "two"))
    assert earlier.get("configmaps/x")["data"] == {"key": "two"}
    assert earlier.get("configmaps/y") is None
    assert managers(earlier) == {earlier.id.manager}
    assert earlier.teardown().residue == ()


def test_a_rollback_goes_back_to_what_it_had(earlier):
    """Its record is read where it was, and moved."""
    earlier.deploy(app(earlier, "two"))
    earlier.rollback(1)
    assert earlier.get("configmaps/x")["data"] == {"key": "one", "dropped": "1"}
    assert earlier.get("configmaps/y") is not None
    assert earlier.teardown().residue == ()


def test_a_teardown_of_it_leaves_nothing(earlier):
    """It needs no deploy before."""
    outcome = earlier.teardown()
    assert (outcome.residue, outcome.kept) == ((), ())
    assert earlier.client.get(f"/api/v1/namespaces/{earlier.name}") is None
    assert releases.current(earlier.client, earlier.id) is None


def test_what_it_was_set_to_moves_to_where_only_who_reads_secrets_sees_it(earlier):
    """Nothing in an earlier record says which of its settings were secret."""
    known = releases.current(earlier.client, earlier.id).release
    assert releases.secret_sets(earlier.client, known) == SETS
    earlier.deploy(app(earlier, "two"))
    path = store.indexes_of(earlier.id)
    for index in earlier.client.list(path, labels=store.mine(earlier.id)).items:
        release = indexes.opened(earlier.client, earlier.id, index)
        assert "hunter2" not in str(release)
    old = releases.read(earlier.client, earlier.id, 1)
    assert releases.secret_sets(earlier.client, old) == SETS
    assert earlier.teardown().residue == ()
