"""What is not seen is not taken for gone: neither by a deploy nor by a teardown."""

import json
from collections.abc import Iterator

import pytest

from stackctl.actions.status import status
from stackctl.api.discovery import Discovery
from stackctl.cluster.look.unseen import plural_of, unseen
from stackctl.cluster.record import releases
from stackctl.errors import AccessDenied, NotFound, StackError
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import Ref
from stackctl.model.readiness.status import Status
from stackctl.model.run.events import Notice
from tests.apiserver.faults import ALWAYS, Answer, FaultProxy, Stale, Strip
from tests.apiserver.scenery import until
from tests.apiserver.stacks import Stack, behind

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def far(proxy: FaultProxy, stack: Stack) -> Iterator[Stack]:
    """The stack, as it looks through a server that does not name its group."""
    proxy.on("GET", r"^/apis$", Strip(f"{stack.name}.example.com"), times=ALWAYS)
    with behind(proxy.access, stack) as there:
        yield there


@pytest.fixture
def blind(proxy: FaultProxy, far: Stack) -> Stack:
    """The same through a server that has not read the definitions yet."""
    missing = Answer(404, {"Content-Type": "text/plain"}, b"404 page not found\n")
    proxy.on("GET", f"^/apis/{far.name}.example.com/", missing, times=ALWAYS)
    return far


@pytest.fixture
def definition(stack: Stack) -> Iterator[None]:
    """A definition that does not belong to the stack."""
    made = stack.client.create(CRDS, stack.definition("widgets", "Widget"))
    until(lambda: _is_served(stack))
    yield
    stack.client.delete(f"{CRDS}/{made['metadata']['name']}")


def _is_served(stack: Stack) -> bool:
    stack.connection.discovery.refresh()
    return stack.connection.discovery.find(group(stack), "Widget") is not None


def group(stack: Stack) -> str:
    """The API group of the stack's own kinds."""
    return f"{stack.name}.example.com"


def widget(stack: Stack) -> Ref:
    """The instance that is not seen."""
    return Ref(group(stack), "Widget", stack.name, "w")


def there(stack: Stack) -> bool:
    """Tell whether it is there all the same."""
    path = f"/apis/{group(stack)}/v1/namespaces/{stack.name}/widgets/w"
    try:
        return stack.client.get(path) is not None
    except StackError:
        return False


def base(stack: Stack) -> BundleComponent:
    """A definition, and where its objects are."""
    return stack.part("base", stack.namespace(), stack.definition("widgets", "Widget"))


def place(stack: Stack) -> BundleComponent:
    """Only the latter."""
    return stack.part("base", stack.namespace())


def app(stack: Stack) -> BundleComponent:
    """Something that comes and goes with a bundle."""
    return stack.part("app", stack.custom("Widget", "w"), needs=frozenset({"base"}))


def notices(stack: Stack) -> str:
    """What was said on the way."""
    return "\n".join(each.text for each in stack.told if isinstance(each, Notice))


def inventory(stack: Stack) -> set[Ref]:
    """What the stack has on record."""
    recorded = releases.current(stack.client, stack.id)
    return {entry.ref for entry in recorded.release.inventory} if recorded else set()


def test_a_definition_says_where_its_objects_are(stack, far):
    """A kind that is served and not named is looked at, changed and removed like any other."""
    stack.deploy(base(stack), app(stack))
    assert far.deploy(base(far), app(far)).release is None
    assert status(far.id, far.connection).current
    far.deploy(base(far))
    assert not there(stack)
    assert widget(stack) not in inventory(stack)
    assert far.teardown().residue == ()
    assert stack.client.get(f"{CRDS}/widgets.{group(stack)}") is None


def test_users_objects_of_a_kind_that_is_not_named_are_still_asked_for(stack, far):
    """They would be lost with their definition."""
    stack.deploy(base(stack))
    path = f"/apis/{group(stack)}/v1/namespaces/{stack.name}/widgets"
    stack.client.create(path, stack.custom("Widget", "theirs"))
    with pytest.raises(StackError, match=r"users' objects would be lost.*\n.*theirs"):
        far.teardown()
    assert stack.client.get(f"{path}/theirs") is not None
    stack.client.delete(f"{path}/theirs")


def test_what_left_the_bundle_unseen_stays_on_record(stack, blind, definition):
    """It is not pruned, and not forgotten: once it is seen again, it goes."""
    stack.deploy(place(stack), app(stack))
    blind.deploy(place(blind))
    assert "not looked at" in notices(blind)
    assert widget(stack) in inventory(stack)
    assert there(stack)
    stack.deploy(place(stack), stack.part("other", stack.config("new")))
    assert not there(stack)
    assert widget(stack) not in inventory(stack)


def test_what_is_wanted_and_not_seen_is_not_made_anew(stack, blind):
    """Whether it is there cannot be told: nothing is touched."""
    stack.deploy(base(stack), app(stack))
    other = stack.part("other", stack.config("new"))
    with pytest.raises(StackError, match=r"Widget.*whether it is there cannot be told") as refused:
        blind.deploy(base(blind), app(blind), other)
    assert refused.value.exit_code == 5
    assert there(stack)
    assert stack.get("configmaps/new") is None


def test_definitions_stay_while_their_objects_cannot_be_looked_at(stack, blind):
    """A teardown would take along what it cannot see: nothing is touched."""
    stack.deploy(base(stack), app(stack))
    with pytest.raises(AccessDenied, match="may not be deleted unseen"):
        blind.teardown()
    assert there(stack)
    assert stack.teardown().residue == ()


def test_a_teardown_does_not_call_none_what_it_did_not_see(stack, blind, definition):
    """What is on record and was not looked at is residue, and stays on record."""
    stack.deploy(place(stack), app(stack))
    torn = blind.teardown()
    left = {each.ref: each.why for each in torn.residue}
    assert "not looked at" in left[widget(stack)]
    assert any(group(stack) in each for each in torn.unseen)
    assert widget(stack) in inventory(stack)
    assert stack.teardown().residue == ()
    assert inventory(stack) == set()


def test_status_does_not_say_gone(stack, blind):
    """What cannot be looked at is unknown."""
    stack.deploy(base(stack), app(stack))
    told = status(blind.id, blind.connection)
    parts = {part.name: part for part in told.components}
    assert parts["app"].status is Status.UNKNOWN
    assert parts["app"].hint == "kubectl get apiservices"


def test_what_went_with_its_definition_is_gone(stack):
    """Where somebody deleted the definition, there is nothing left to be seen."""
    stack.deploy(base(stack), app(stack))
    stack.client.delete(f"{CRDS}/widgets.{group(stack)}", propagation="Foreground")
    discovery = Discovery(stack.client)
    while discovery.find(group(stack), "Widget") or there(stack):
        discovery.refresh()
    until_gone(stack)
    assert unseen(stack.client, discovery, [widget(stack)]) == {}
    assert stack.teardown().residue == ()


def until_gone(stack: Stack) -> None:
    """Wait for the definition to be deleted."""
    while stack.client.get(f"{CRDS}/widgets.{group(stack)}") is not None:
        pass


def test_without_the_right_to_know_nothing_is_gone(stack, blind, proxy):
    """A refusal proves nothing."""
    stack.deploy(base(stack), app(stack))
    denial = {
        "kind": "Status",
        "code": 403,
        "reason": "Forbidden",
        "message": 'forbidden: User "x"',
    }
    refused = Answer(403, {"Content-Type": "application/json"}, json.dumps(denial).encode())
    proxy.on("GET", CRDS, refused, times=ALWAYS)
    doubts = unseen(blind.client, blind.connection.discovery, [widget(stack)])
    assert "its kind is not served" in doubts[widget(stack)]


def test_a_kind_that_kubernetes_brings_along_answers_for_itself(stack, client):
    """One that is missing from discovery is asked for at the address that it must have."""
    stack.deploy(stack.part("a", stack.namespace(), stack.deployment("d")))

    class Forgetful(Discovery):
        def find(self, group: str, kind: str, version: str = ""):
            return None if kind == "Deployment" else super().find(group, kind, version)

    made, missing = (Ref("apps", "Deployment", stack.name, name) for name in ("d", "missing"))
    invented = Ref("apps", "Nonsense", stack.name, "x")
    doubts = unseen(client, Forgetful(client), [made, missing, invented])
    assert [*doubts] == [made]


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("NetworkPolicy", "networkpolicies"),
        ("StorageClass", "storageclasses"),
    ],
)
def test_plurals_are_made_as_kubernetes_makes_them(kind, plural):
    """The rule of its own kinds."""
    assert plural_of(kind) == plural


def test_an_old_answer_is_asked_for_again(stack, far, proxy):
    """A member that lags is noticed by the version, and asked again."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("c", key="old")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/c"
    stale = Stale()
    proxy.on("GET", "/configmaps/c$", stale, times=4)
    assert far.client.get(path)["data"] == {"key": "old"}
    far.client.patch(path, {"data": {"key": "new"}})
    assert far.client.get(path)["data"] == {"key": "new"}
    assert len([each for each in proxy.asked if each.path == path and each.method == "GET"]) == 5


def test_a_server_that_stays_behind_is_not_believed(stack, far, proxy):
    """A bounded number of times, and then it is said."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("c")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps"
    proxy.on("GET", "/configmaps", Stale(), times=ALWAYS)
    far.client.list(path)
    stack.client.delete(f"{path}/c")
    far.client.apply(f"{path}/d", stack.config("d"))
    with pytest.raises(StackError, match="older than an earlier one"):
        far.client.list(path)


def test_a_missing_object_is_no_old_answer(stack, client):
    """What was deleted is gone at once."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("c")))
    path = f"/api/v1/namespaces/{stack.name}/configmaps/c"
    client.get(path)
    client.delete(path)
    assert client.get(path) is None
    with pytest.raises((NotFound, AccessDenied)):
        client.patch(path, {})
