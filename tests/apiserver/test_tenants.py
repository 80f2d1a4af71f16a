"""Two tenants who do not trust each other, and an administrator whom neither may make a tool of."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stackctl.actions.placing import compose_placed
from stackctl.actions.stacks import choose_stack
from stackctl.actions.status import status
from stackctl.api.access.access import Login
from stackctl.cluster.connection import connect
from stackctl.cluster.record import record_store as store
from stackctl.cluster.record import recording, releases
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.cluster.workers import workers
from stackctl.errors import ConflictError, Forbidden, UsageError
from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import RECORD_NAMESPACE, Manifest, Ref, digest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.reach import HELD_BY
from stackctl.model.release.release import Entry
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack
from tests.apiserver.test_least_rights import shown_in_readme

SHARED = "gpu8"  # what both call their stacks


class Tenant(Stack):
    """A stack whose name is not its namespace's: others may have one of the same name."""

    @property
    def id(self) -> StackId:
        """Which stack it is."""
        return StackId(SHARED, self.home)


@dataclass(frozen=True, slots=True)
class Town:
    """Two tenants with the rights of the README, and the administrator's view of the first."""

    one: Tenant
    other: Tenant
    administrator: Tenant


@pytest.fixture
def town(stack: Stack) -> Iterator[Town]:
    """Give two tenants a namespace each, and what the README says that they need in it."""
    made: list[str] = []
    tenants = [moved_in(stack, f"{stack.name}-{name}", made) for name in ("one", "other")]
    one, other = tenants
    yield Town(one, other, Tenant(stack.connection, tenants[0].name, home=tenants[0].name))
    for each in tenants:
        each.client.close()
        # Until their namespaces are gone, the next test's administrator would see them.
        recording.forget(stack.client, each.id)
    for path in reversed(made):
        stack.client.delete(path)


def moved_in(stack: Stack, name: str, made: list[str]) -> Tenant:
    home = Stack(stack.connection, name)
    account = home.object("v1", "ServiceAccount", "installer")
    for manifest in (home.namespace(), account, *shown_in_readme(name)):
        path = stack.connection.discovery.path_of(manifest)
        stack.client.apply(path, manifest, manager="administrator")
        made.append(path)
    path = f"/api/v1/namespaces/{name}/serviceaccounts/installer/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = stack.client.create(path, request)["status"]["token"]
    access = replace(stack.client.access, login=Login(token=token), namespace=name)
    return Tenant(connect(access, stack.tell, threading.Event()), name, home=name)


def goods(stack: Stack, *extra: Manifest, **fields: Any) -> BundleComponent:
    return stack.part("shop", stack.config("goods"), *extra, **fields)


def test_two_tenants_may_call_their_stacks_the_same(town):
    """Each has its own objects, lock and record; neither is a conflict to the other."""
    town.one.deploy(goods(town.one))
    town.other.deploy(goods(town.other, town.other.config("more")))
    for tenant, count in ((town.one, 1), (town.other, 2)):
        assert choose_stack(SHARED, None, tenant.connection) == tenant.id
        (part,) = status(tenant.id, tenant.connection).components
        assert (part.ready, part.total) == (count, count)
    assert town.one.teardown().residue == ()
    assert town.other.get("configmaps/goods") is not None
    assert town.other.teardown().residue == ()


def test_an_administrator_has_to_say_which_of_two_is_meant(town):
    """Both are named, and the flag; the context's namespace decides where it has one of them."""
    for tenant in (town.one, town.other):
        tenant.deploy(goods(tenant))
    connection = town.administrator.connection
    with pytest.raises(UsageError, match=f"{town.one.id}.*{town.other.id}") as refused:
        choose_stack(SHARED, None, connection)
    places = " or ".join(f"--record-namespace {each.name}" for each in (town.one, town.other))
    assert refused.value.hint == f"say where its record is: {places}"
    assert choose_stack(SHARED, None, connection, town.other.name) == town.other.id
    for tenant in (town.one, town.other):
        tenant.teardown()


def test_a_tenant_can_neither_read_nor_change_what_is_anothers(town):
    """No object of the record, no lock: everything is refused by the API server."""
    town.one.deploy(goods(town.one))
    client = town.other.client
    for path in (store.indexes_of(town.one.id), store.secrets_of(town.one.id)):
        with pytest.raises(Forbidden):
            client.list(path)
        (first, *_) = town.administrator.client.list(path, labels=store.mine(town.one.id)).items
        where = f"{path}/{first['metadata']['name']}"
        for act in (
            lambda where=where: client.get(where),
            lambda where=where: client.patch(where, {"data": {}}),
            lambda where=where: client.delete(where),
        ):
            with pytest.raises(Forbidden):
                act()
    with pytest.raises(Forbidden):
        releases.current(client, town.one.id)
    for namespace in ("", RECORD_NAMESPACE):
        with pytest.raises(Forbidden):
            releases.places(client, namespace)
    town.one.teardown()


@pytest.mark.parametrize("name", ["", "A_B", "a..b", "1.x"])
def test_what_a_tenant_labels_as_no_stack_can_be_called_is_none(town, name):
    """It stands in nobody's list, and nobody's command goes where it leads."""
    config = town.one.config("odd")
    config["metadata"]["labels"] = {RECORD_LABEL: name, store.REVISION_LABEL: "1"}
    town.one.client.create(store.indexes_of(town.one.id), config)
    assert releases.places(town.one.client, town.one.home) == {}
    assert StackId(name, town.one.home) not in releases.places(town.administrator.client)


@pytest.mark.parametrize("name", ["A_B", "a b", "x,y", "../y", "a.b"])
def test_a_stack_that_cannot_be_is_not_looked_for(town, name):
    """Neither as a name, nor as where its record is: both come into addresses."""
    for stack, home in ((name, None), (SHARED, name)):
        with pytest.raises(UsageError, match="cannot be called"):
            choose_stack(stack, None, town.one.connection, home)


def foreign(town: Town) -> dict[str, Ref]:
    """What a tenant might like an administrator to delete."""
    rbac = "rbac.authorization.k8s.io"
    return {
        "a namespaced object elsewhere": Ref("", "ConfigMap", town.other.name, "goods"),
        "what is the whole cluster's": Ref(rbac, "ClusterRole", "", "view"),
        "the same, with a namespace": Ref(rbac, "ClusterRole", town.one.name, "view"),
        "a namespace": Ref("", "Namespace", "", town.other.name),
        "a node": Ref("", "Node", "", "gpu-0"),
        "a record": Ref("", "Secret", RECORD_NAMESPACE, "any"),
    }


def every_verb(town: Town, revision: int = 1) -> dict[str, Callable[[], object]]:
    """What an administrator might do with a tenant's stack."""
    user = town.administrator
    return {
        "status": lambda: status(user.id, user.connection),
        "deploy": lambda: user.deploy(goods(user, user.config("new"))),
        "teardown": user.teardown,
        "rollback": lambda: user.rollback(revision),
    }


def test_an_inventory_that_names_what_is_not_the_tenants_is_refused(town):
    """By every verb, before anything is planned, pruned or removed; the object is named."""
    town.other.deploy(goods(town.other))
    town.one.deploy(goods(town.one))
    recorded = releases.current(town.one.client, town.one.id)
    assert recorded is not None
    for what, ref in foreign(town).items():
        live = town.administrator.client.get(path_of(town, ref), metadata_only=True)
        uid = live["metadata"]["uid"] if live else ""
        entry = Entry(ref, "shop", "v1", uid=uid, owned="x", created=True)
        manipulated = replace(recorded.release, inventory=(*recorded.release.inventory, entry))
        recorded = recording.update(town.one.client, recorded, manipulated)
        for verb, act in every_verb(town).items():
            with pytest.raises(ConflictError) as refused:
                act()
            assert str(ref) in str(refused.value) or "in no namespace" in str(refused.value), (
                what,
                verb,
            )
    assert town.other.get("configmaps/goods") is not None
    assert town.administrator.get("configmaps/new") is None
    good = replace(recorded.release, inventory=recorded.release.inventory[:1])
    recording.update(town.one.client, recorded, good)
    for tenant in (town.one, town.other):
        assert tenant.teardown().residue == ()


def path_of(town: Town, ref: Ref) -> str:
    resource = town.administrator.connection.discovery.find(ref.group, ref.kind)
    assert resource is not None
    return resource.path(ref.namespace if resource.namespaced else "", ref.name)


def test_a_shard_with_what_is_not_the_tenants_is_not_applied(town):
    """A rollback reads the objects as the tenant wrote them, and applies none of them."""
    user = town.administrator
    name = f"owned-{town.one.name}"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "installer", "namespace": town.one.name}],
    }
    hidden = binding | {"metadata": {"name": name, "namespace": town.one.name}}
    elsewhere = user.config("x") | {"metadata": {"name": "x", "namespace": town.other.name}}
    parts = [goods(user, each) for each in (binding, hidden, elsewhere, user.namespace())]
    enforced = {"pod-security.kubernetes.io/enforce": "privileged"}
    parts[-1].objects[-1]["metadata"]["labels"].update(enforced)
    parts.append(goods(user, leftovers=(Ref("", "ResourceQuota", town.one.name, "quota"),)))
    parts.append(goods(user, node_managers=("kubelet",)))
    for part in parts:
        town.one.deploy(goods(town.one))
        recorded = releases.current(town.one.client, town.one.id)
        assert recorded is not None
        with workers() as pool:
            recording.keep_shards(town.one.client, town.one.id, [part], pool)
        manipulated = replace(recorded.release, shards={"shop": part.digest}, bundle=digest(1))
        recording.update(town.one.client, recorded, manipulated)
        # A teardown goes by the inventory; of the shard, it would follow the leftovers alone.
        for verb in ("rollback",) if part is parts[1] else ("rollback", "teardown"):
            with pytest.raises(ConflictError):
                every_verb(town, recorded.release.revision)[verb]()
        town.one.deploy(goods(town.one))
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    assert user.client.get(f"{bindings}/{name}") is None
    assert town.other.get("configmaps/x") is None
    live = user.client.get(f"/api/v1/namespaces/{town.one.name}")
    assert "pod-security.kubernetes.io/enforce" not in live["metadata"]["labels"]
    assert town.one.teardown().residue == ()


def test_an_administrators_object_beside_the_tenants_is_neither_pruned_nor_removed(town):
    """That a tenant's record names it, with its uid, proves nothing: it would say so itself."""
    town.one.deploy(goods(town.one))
    quota = town.administrator.object("v1", "ResourceQuota", "quota") | {
        "spec": {"hard": {"pods": "1"}}
    }
    path = f"/api/v1/namespaces/{town.one.name}/resourcequotas"
    uid = town.administrator.client.create(path, quota)["metadata"]["uid"]
    recorded = releases.current(town.one.client, town.one.id)
    assert recorded is not None
    ref = Ref("", "ResourceQuota", town.one.name, "quota")
    entry = Entry(ref, "shop", "v1", uid=uid, created=True)
    manipulated = replace(recorded.release, inventory=(*recorded.release.inventory, entry))
    recording.update(town.one.client, recorded, manipulated)
    user = town.administrator
    user.deploy(goods(user, user.config("new")))
    with pytest.raises(ConflictError, match="quota"):
        user.deploy(goods(user, quota))
    assert user.teardown().residue == ()
    assert user.client.get(f"{path}/quota")["metadata"]["uid"] == uid


def test_a_record_makes_no_administrator_take_over_what_is_not_the_stacks(town):
    """That a component adopts is for who deploys it to say, not for who can write its record."""
    user = town.administrator
    town.one.deploy(goods(town.one))
    quota = user.object("v1", "ResourceQuota", "quota")
    path = f"/api/v1/namespaces/{town.one.name}/resourcequotas"
    user.client.create(path, quota | {"spec": {"hard": {"pods": "1"}}})
    wished = quota | {"spec": {"hard": {"pods": "1000"}}}
    part = goods(town.one, wished, mode=Mode.ADOPTED)
    recorded = releases.current(town.one.client, town.one.id)
    assert recorded is not None
    with workers() as pool:
        recording.keep_shards(town.one.client, town.one.id, [part], pool)
    manipulated = replace(recorded.release, shards={"shop": part.digest}, bundle=digest(1))
    recording.update(town.one.client, recorded, manipulated)
    with pytest.raises(ConflictError, match="quota"):
        user.rollback(1)
    assert user.client.get(f"{path}/quota")["spec"]["hard"] == {"pods": "1"}


def test_a_namespace_that_an_administrator_lends_may_be_used(town):
    """Its label names the record's namespace; without it, the same is refused."""
    user = town.administrator
    there = user.config("lent") | {"metadata": {"name": "lent", "namespace": town.other.name}}
    with pytest.raises(ConflictError, match=f"ConfigMap/{town.other.name}/lent: is in another"):
        user.deploy(goods(user, there))
    space = f"/api/v1/namespaces/{town.other.name}"
    user.client.patch(space, {"metadata": {"labels": {HELD_BY: town.one.name}}})
    user.deploy(goods(user, there))
    assert town.other.get("configmaps/lent") is not None
    assert user.teardown().residue == ()
    assert town.other.get("configmaps/lent") is None


def test_a_new_stack_that_is_all_in_the_contexts_namespace_is_recorded_there(town, tmp_path):
    """Nobody has to say so; what is in other namespaces as well is recorded with the rest."""
    shelf = Shelf(tmp_path, town.one.name)
    shelf.put("shop", "1.0.0", town.one.namespace(), town.one.config("goods"))
    request = replace(shelf.request(), stack=SHARED)
    assert compose_placed(request, town.one.connection).stack == town.one.id
    assert compose_placed(request, town.administrator.connection).stack == StackId(SHARED)
    town.one.deploy(goods(town.one))
    assert compose_placed(request, town.administrator.connection).stack == town.one.id
    assert town.one.teardown().residue == ()
