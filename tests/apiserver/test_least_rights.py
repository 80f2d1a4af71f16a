"""Who may only work in the namespaces of a stack, and what is said of what they cannot see.

The user is a ServiceAccount with its own token; what it may do is what the README shows.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackctl.actions.history import history
from stackctl.actions.planning import look, require_cluster
from stackctl.actions.stacks import stacks
from stackctl.actions.status import status
from stackctl.api.access.access import Login
from stackctl.cluster.connection import Connection, connect
from stackctl.cluster.context import running
from stackctl.cluster.record.releases import traces
from stackctl.errors import AccessDenied, ConflictError, Forbidden, NotReadyError
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import RECORD_NAMESPACE, Manifest, Ref
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.readiness.status import Status
from stackctl.model.run.events import Notice
from stackctl.sources.yaml import load_all
from tests.apiserver.stacks import Stack

README = Path(__file__).parents[2] / "README.md"
RBAC = "rbac.authorization.k8s.io"
NO_SUCH_IMAGE = "example.com/does-not-exist:1"
# Enough for the objects of `shop` by their names, and to list nothing.
FEW = (
    ("", "configmaps services serviceaccounts", "get create patch delete"),
    ("apps", "deployments", "get create patch delete"),
    ("", "namespaces", "get"),
)
# Enough for the record, and to delete nothing but what is in it.
RECORD = (
    ("", "configmaps secrets", "get list create update patch delete"),
    ("coordination.k8s.io", "leases", "get create update delete"),
    ("events.k8s.io", "events", "create"),
)

Rule = tuple[str, str, str]  # API group, kinds, verbs
LogIn = Callable[..., Stack]


def shown_in_readme(namespace: str, number: int = 0) -> list[Manifest]:
    """Read rights from the README, for another namespace than its example's."""
    text = README.read_text(encoding="utf-8").partition("## Permissions")[2]
    block = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[number]
    return [each.value for each in load_all(block.replace("team-a", namespace))]


def role(namespace: str, kind: str, rules: tuple[Rule, ...], place: str = "") -> Iterator[Manifest]:
    """Make a role for the installer, in a namespace or (with kind ClusterRole) of the cluster."""
    where = {"namespace": place or namespace} if kind == "Role" else {}
    name = f"more-{namespace}"
    yield {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name, **where},
        "rules": [
            {"apiGroups": [group], "resources": kinds.split(), "verbs": verbs.split()}
            for group, kinds, verbs in rules
        ],
    }
    yield {
        "apiVersion": f"{RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": {"name": name, **where},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": "installer", "namespace": namespace}],
    }


@pytest.fixture
def stack(stack: Stack) -> Stack:
    """A tenant's stack: its record is in the namespace that all its objects are in."""
    stack.home = stack.name
    return stack


@pytest.fixture
def installer(stack: Stack) -> Iterator[LogIn]:
    """Log in as a user with the rights of the README, or with others in the stack's namespace."""
    opened: list[Connection] = []
    given: list[str] = []

    def log_in(*rules: Rule, also: tuple[Rule, ...] = ()) -> Stack:
        account = stack.object("v1", "ServiceAccount", "installer")
        for manifest in (stack.namespace(), account, *_rights(stack, rules, also)):
            path = stack.connection.discovery.path_of(manifest)
            stack.client.apply(path, manifest, manager="administrator")
            given.append(path)
        opened.append(connect(_access(stack), stack.tell, threading.Event()))
        return Stack(opened[-1], stack.name, home=stack.home)

    yield log_in
    for each in opened:
        each.client.close()
    for path in reversed(given):  # other tests look at what is left on the cluster
        stack.client.delete(path)


def _rights(stack: Stack, rules: tuple[Rule, ...], also: tuple[Rule, ...]) -> Iterator[Manifest]:
    if stack.home == RECORD_NAMESPACE:
        yield from role(stack.name, "Role", RECORD, RECORD_NAMESPACE)
    yield from shown_in_readme(stack.name) if not rules else role(stack.name, "Role", rules)
    if also:
        yield from role(stack.name, "ClusterRole", also)


def _access(stack: Stack) -> Any:
    path = f"/api/v1/namespaces/{stack.name}/serviceaccounts/installer/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = stack.client.create(path, request)["status"]["token"]
    return replace(stack.client.access, login=Login(token=token))


def shop(stack: Stack, greeting: str = "hello", *extra: Manifest) -> BundleComponent:
    """A component with everything that the README's example has."""
    service = stack.object("v1", "Service", "shop") | {
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]}
    }
    return stack.part(
        "shop",
        stack.namespace(),
        stack.object("v1", "ServiceAccount", "shop"),
        stack.config("shop", greeting=greeting),
        service,
        stack.deployment("shop"),
        *extra,
    )


def planned(stack: Stack, *parts: BundleComponent, **needs: Any) -> Plan:
    bundle = Bundle("test", parts, Needs(**needs))
    with running(stack.connection, stack.tell) as run:
        return look(run, stack.id, bundle).plan


def statuses(stack: Stack) -> dict[str, Status]:
    (part,) = status(stack.id, stack.connection).components
    return {each.ref.kind: each.status for each in part.objects}


def test_rights_in_its_namespaces_are_enough_for_a_stack(stack, installer):
    """The README's Roles do for every verb, and nothing of the stack is left in the end."""
    user = installer()
    deployed = user.deploy(shop(stack, "hello", stack.config("old")))
    assert deployed.plan.counts == {Action.CREATE: 5, Action.UNCHANGED: 1}
    assert set(statuses(user).values()) == {Status.CURRENT}
    assert user.deploy(shop(stack, "hello", stack.config("old"))).release is None

    changed = planned(user, shop(stack, "moin"))
    assert changed.counts == {Action.UPDATE: 1, Action.PRUNE: 1, Action.UNCHANGED: 4}
    user.deploy(shop(stack, "moin"))
    assert stack.get("configmaps/shop")["data"] == {"greeting": "moin"}
    assert stack.get("configmaps/old") is None
    user.rollback(1)
    assert stack.get("configmaps/shop")["data"] == {"greeting": "hello"}
    assert stack.get("configmaps/old") is not None

    outcome = user.teardown()
    assert outcome.residue == ()
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}")["status"]["phase"] == "Active"
    for gone in ("configmaps/shop", "configmaps/old", "services/shop", "serviceaccounts/shop"):
        assert stack.get(gone) is None
    assert not traces(stack.client, stack.id)


def test_what_changed_is_seen_with_few_rights(stack, installer):
    """Drift and lost objects are found, and somebody else's are refused as always."""
    user = installer()
    user.deploy(shop(stack))
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    stack.client.patch(f"{path}/shop", {"data": {"greeting": "by hand"}})
    stack.client.delete(f"/api/v1/namespaces/{stack.name}/services/shop")
    (part,) = status(stack.id, user.connection).components
    seen = {each.ref.kind: each for each in part.objects}
    assert seen["Service"].status is Status.NOT_FOUND
    assert seen["ConfigMap"].drift
    assert planned(user, shop(stack)).counts[Action.UPDATE] == 1
    stack.client.create(path, stack.config("theirs"))
    with pytest.raises(ConflictError, match="theirs"):
        planned(user, shop(stack, "hello", stack.config("theirs")))


def test_what_residue_could_not_be_looked_for_is_said(stack, installer):
    """Two lines name where nobody looked and the missing permission; with all rights, none."""
    user = installer()
    user.deploy(shop(stack))
    elsewhere, inside = user.teardown().unseen
    assert re.fullmatch(
        rf"outside {stack.name}: cannot list \S+, \S+, \S+ and \d+ more kinds in the whole cluster",
        elsewhere,
    )
    assert inside.startswith(f"in {stack.name}: cannot list ")
    assert "configmaps" not in inside
    stack.deploy(shop(stack))
    assert stack.teardown().unseen == ()


def test_what_may_not_be_listed_at_all_is_read_by_name(stack, installer):
    """Single objects are enough, however many there are; workloads are waited for as well."""
    stack.home = RECORD_NAMESPACE
    user = installer(
        *FEW,
    )
    many = [stack.config(f"many-{number}") for number in range(7)]
    user.deploy(shop(stack, "hello", *many))
    assert set(statuses(user).values()) == {Status.CURRENT}
    assert user.deploy(shop(stack, "hello", *many)).release is None
    more = [each | {"data": {"key": "other"}} for each in many]
    assert planned(user, shop(stack, "hello", *more)).counts[Action.UPDATE] == len(many)
    user.deploy(shop(stack))
    assert stack.get("configmaps/many-0") is None
    assert user.teardown().residue == ()
    assert stack.get("configmaps/shop") is None


def test_what_may_not_be_read_is_unknown_and_never_missing(stack, installer):
    """Neither a plan nor a teardown is made over it, and status says which right is missing."""
    stack.home = RECORD_NAMESPACE
    stack.deploy(shop(stack))
    user = installer(
        ("", "services serviceaccounts", "get list create patch delete"),
        ("apps", "deployments", "get list create patch delete"),
        ("", "namespaces", "get"),
    )
    (part,) = status(stack.id, user.connection).components
    (config,) = (each for each in part.objects if each.ref.kind == "ConfigMap")
    assert config.status is Status.UNKNOWN
    assert 'cannot get resource "configmaps"' in config.message
    assert config.hint == f"kubectl -n {stack.name} auth can-i get configmaps/shop"
    for act in (lambda: planned(user, shop(stack)), user.teardown):
        with pytest.raises(Forbidden, match=rf"configmaps/{stack.name}/shop: cannot read: "):
            act()
    assert stack.get("services/shop") is not None


def test_the_namespace_of_the_records_is_left_to_those_who_may_delete_it(stack, installer):
    """With the right to see everything and to work in two namespaces, a teardown ends well."""
    stack.home = RECORD_NAMESPACE
    stack.keep_record_namespace(keep=False)
    user = installer(also=(("*", "*", "get list watch"),))
    path = f"/apis/{RBAC}/v1/namespaces/stackctl-system"
    for kind in ("rolebindings", "roles"):  # they would be reason enough to leave it
        stack.client.delete(f"{path}/{kind}/more-{stack.name}")
    for manifest in role(stack.name, "ClusterRole", (("*", "*", "get list watch"), *RECORD)):
        where = stack.connection.discovery.path_of(manifest)
        stack.client.apply(where, manifest, manager="administrator", force=True)
    user.deploy(shop(stack))
    outcome = user.teardown()
    assert (outcome.residue, outcome.unseen) == ((), ())
    live = stack.client.get("/api/v1/namespaces/stackctl-system")
    assert live["status"]["phase"] == "Active"


def test_without_the_record_nothing_begins(stack, installer):
    """Who has rights in the stack's namespace only is told which are missing for the record."""
    user = installer()
    user.home = RECORD_NAMESPACE
    with pytest.raises(Forbidden, match="configmaps/stackctl-system: cannot list: "):
        user.deploy(shop(stack))
    assert stack.get("configmaps/shop") is None


def test_a_namespace_that_will_do_is_left_as_it_is(stack, installer):
    """Labels that only describe are not asked for; one with an effect has to be there."""
    user = installer()
    labels = {
        "app.kubernetes.io/name": "shop",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    part = stack.part("shop", stack.namespace(), stack.config("shop"))
    part.objects[0]["metadata"]["labels"].update(labels)
    with pytest.raises(ConflictError, match=f"Namespace/{stack.name}: does not have all that"):
        planned(user, part)
    path, warn = f"/api/v1/namespaces/{stack.name}", "pod-security.kubernetes.io/warn"
    stack.client.patch(path, {"metadata": {"labels": {warn: labels[warn]}}})
    user.deploy(part)
    assert user.deploy(part).release is None
    live = stack.client.get(path)
    assert "stackctl.dev/stack" not in live["metadata"]["labels"]


def test_a_definition_is_not_deleted_unseen(stack, installer):
    """Who may delete a definition but not list its objects is refused until they stay."""
    stack.home = RECORD_NAMESPACE
    widgets = stack.part("a", stack.namespace(), stack.definition("widgets", "Widget"))
    stack.deploy(widgets, shop(stack))
    crds = ("apiextensions.k8s.io", "customresourcedefinitions", "get list create patch delete")
    user = installer(also=(crds,))
    for options in ({}, {"delete_data": True}):
        with pytest.raises(AccessDenied, match="definitions may not be deleted unseen") as refused:
            user.teardown(**options)
        assert f"cannot list widgets.{stack.name}.example.com" in str(refused.value)
        assert "--keep-crds" in refused.value.hint
    assert stack.get("configmaps/shop") is not None
    (stays,) = (each for each in planned(user, shop(stack)).changes if "widgets" in each.ref.name)
    assert stays.action is Action.UNCHANGED
    assert "stays: users' objects of it cannot be looked for" in stays.reason
    assert user.teardown(keep_crds=True).residue == ()
    definition = Ref(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "",
        f"widgets.{stack.name}.example.com",
    )
    resource = stack.connection.discovery.find(definition.group, definition.kind)
    assert stack.client.delete(resource.path(name=definition.name))


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (FEW, "what is in it cannot all be seen: cannot list "),
        ((("*", "*", "*"),), "holds objects that are not ours: "),
    ],
)
def test_a_namespace_is_not_deleted_unseen(stack, installer, rules, why):
    """What may hold others' objects stays, and so does what holds our own rights."""
    stack.home = RECORD_NAMESPACE
    stack.deploy(shop(stack))
    user = installer(*rules)
    outcome = user.teardown()
    (kept,) = outcome.kept
    assert kept.ref == Ref("", "Namespace", "", stack.name)
    assert kept.why.startswith(why)
    assert outcome.residue == ()
    assert stack.get("configmaps/shop") is None
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}")["status"]["phase"] == "Active"


def test_a_cluster_that_may_not_be_known_is_not_agreed_to(stack, installer):
    """Without the right to see which cluster it is, a stack file that names one is refused."""
    info = installer().connection.info
    assert info.cluster_uid == ""
    require_cluster("", info)
    with pytest.raises(ConflictError, match="cannot get the namespace kube-system"):
        require_cluster(stack.connection.info.cluster_uid, info)


def test_needs_that_cannot_be_looked_for_are_said(stack, installer):
    """GPUs that we may not count are neither missing nor there."""
    user = installer()
    planned(user, shop(stack), gpu=GpuNeeds(nodes=100, perNode=8), storageClass=True)
    notices = [event.text for event in user.told if isinstance(event, Notice)]
    assert len(notices) == 3
    assert notices[2].startswith("not tried before it is applied: ")
    assert notices[0].startswith("GPU nodes are not checked: nodes: cannot list: User ")
    assert notices[1].startswith("storage classes are not checked: storageclasses: cannot list: ")


def test_a_failing_workload_is_explained_with_few_rights(stack, installer):
    """The reason that its Pod shows is found with the README's rights."""
    user = installer()
    broken = stack.part("shop", stack.namespace(), stack.deployment("shop", NO_SUCH_IMAGE))
    with pytest.raises(NotReadyError, match=r"Pod shop-.*ImagePullBackOff"):
        user.deploy(broken)
    told = [event.text for event in user.told if isinstance(event, Notice)]
    assert [text for text in told if not text.startswith("not tried ")] == []


def test_a_reader_of_the_index_sees_the_record_and_what_was_not_looked_at(stack):
    """Neither Secrets nor nodes are needed for it; what was not seen is no reason for exit 0."""
    stack.home = RECORD_NAMESPACE
    deployed = stack.deploy(stack.part("a", stack.namespace(), stack.config("x"))).release
    account = stack.object("v1", "ServiceAccount", "installer")
    rights = (account, *shown_in_readme(stack.name, 1))
    paths = [stack.connection.discovery.path_of(each) for each in rights]
    for path, manifest in zip(paths, rights, strict=True):
        stack.client.apply(path, manifest, manager="administrator")
    reading = connect(_access(stack), stack.tell, threading.Event())
    try:
        found = status(stack.id, reading)
        (part,) = found.components
        assert (found.release, found.current) == (deployed, False)
        assert {each.status for each in part.objects} == {Status.UNKNOWN}
        assert [each.release.revision for each in history(stack.id, reading)] == [1]
        (line,) = [each for each in stacks(reading) if each.stack == stack.id]
        assert (line.message, line.well) == ("not all could be looked at", False)
    finally:
        reading.client.close()
        for path in reversed(paths):
            stack.client.delete(path)
