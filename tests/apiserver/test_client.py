"""Requests to a real API server, and what becomes of them when the way there is bad."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from stackctl.api.access.access import Access, Impersonation
from stackctl.api.client import Client, WatchEvent
from stackctl.api.listing import ListSelection
from stackctl.api.watching import read_watch
from stackctl.errors import (
    AccessDenied,
    AlreadyExists,
    Expired,
    FieldConflict,
    Interrupted,
    Invalid,
    NotFound,
    NotServed,
    OutOfTime,
    Rejected,
    StaleWrite,
    Unreachable,
)
from stackctl.model.objects.refs import Manifest
from stackctl.model.run.events import Event, Retrying, ServerWarning
from tests.apiserver.faults import (
    ALWAYS,
    Answer,
    CloseAfterwards,
    CutBody,
    CutHead,
    FaultProxy,
    Hold,
    LoseAnswer,
    LoseRequest,
    Shorten,
)
from tests.apiserver.tunnel import Tunnel

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
SOON = 10.0  # seconds; far more than anything here takes
GONE = json.dumps(
    {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (7)",
        "reason": "Expired",
        "code": 410,
    }
).encode()


class Place:
    """A namespace of its own for each test."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.configs = f"/api/v1/namespaces/{name}/configmaps"

    def config(self, name: str = "a", **entries: str) -> Manifest:
        """Write a ConfigMap."""
        metadata = {"name": name, "namespace": self.name}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": entries}

    def path(self, name: str = "a") -> str:
        """Return where that ConfigMap is."""
        return f"{self.configs}/{name}"


_numbers = itertools.count(1)


@pytest.fixture
def place(client: Client) -> Iterator[Place]:
    name = f"client-{next(_numbers)}-{time.time_ns() % 10**8}"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    client.create("/api/v1/namespaces", namespace)
    yield Place(name)
    client.delete(f"/api/v1/namespaces/{name}")


class Patient:
    """A client that goes through the proxy, notes its waits and does not really wait."""

    def __init__(self, access: Access) -> None:
        self.told: list[Event] = []
        self.waits: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.client = Client(access, notify=self.told.append, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.meanwhile()


@pytest.fixture
def patient(proxy: FaultProxy) -> Iterator[Patient]:
    patient = Patient(proxy.access)
    patient.client.get("/version")  # a server that has answered before is given more chances
    proxy.asked.clear()
    proxy.forwarded.clear()
    yield patient
    patient.client.close()


# Objects in and out


def test_apply_creates_then_updates(client, place):
    """One request brings an object to the state of its manifest, and answers with all of it."""
    created = client.apply(place.path(), place.config(x="1"))
    updated = client.apply(place.path(), place.config(x="2"))
    assert updated["data"] == {"x": "2"}
    assert updated["metadata"]["uid"] == created["metadata"]["uid"]
    assert [each["manager"] for each in updated["metadata"]["managedFields"]] == ["stackctl"]


def test_a_dry_run_changes_nothing(client, place):
    """The answer to a dry run is what would be; nothing is stored."""
    assert client.apply(place.path(), place.config(x="1"), dry_run=True)["data"] == {"x": "1"}
    assert client.get(place.path()) is None


def test_unknown_fields_are_refused_by_name(client, place):
    """A misspelt field is an error, not something the server drops."""
    with pytest.raises(Rejected) as caught:
        client.apply(place.path(), place.config() | {"dta": {}})
    assert str(caught.value) == (
        f"ConfigMap/{place.name}/a: cannot apply: .dta: field not declared in schema"
    )


def test_fields_of_others_are_named_with_their_owner(client, place):
    """Another manager's field is a conflict that says whose it is; force takes it over."""
    client.apply(place.path(), place.config(x="1"), manager="somebody")
    with pytest.raises(FieldConflict) as caught:
        client.apply(place.path(), place.config(x="2"))
    assert caught.value.holders == ((".data.x", "somebody", ""),)
    assert client.apply(place.path(), place.config(x="2"), force=True)["data"] == {"x": "2"}


def test_invalid_fields_are_named(client, place):
    """Every field that breaks a rule is in the message."""
    with pytest.raises(Invalid) as caught:
        client.apply(place.path(), place.config(**{"not a key": "x"}))
    assert "data[not a key]: Invalid value" in str(caught.value)


def test_missing_is_not_the_same_as_unknown(client, place):
    """An object that is not there is None; a kind that nobody serves is an error."""
    assert client.get(place.path("missing")) is None
    with pytest.raises(NotServed):
        client.get(f"/apis/nobody.example/v1/namespaces/{place.name}/things/missing")
    with pytest.raises(NotServed):
        client.list("/apis/nobody.example/v1/things")
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        client.apply("/api/v1/namespaces/nowhere/configmaps/a", Place("nowhere").config())


def test_create_and_replace_respect_what_is_there(client, place):
    """Nothing is created twice, and nobody's write is overwritten unseen."""
    first = client.create(place.configs, place.config(x="1"))
    with pytest.raises(AlreadyExists):
        client.create(place.configs, place.config(x="1"))
    second = client.replace(place.path(), first | {"data": {"x": "2"}})
    with pytest.raises(StaleWrite):
        client.replace(place.path(), first | {"data": {"x": "3"}})
    assert client.patch(place.path(), {"data": {"y": "4"}})["data"] == {"x": "2", "y": "4"}
    assert second["data"] == {"x": "2"}


def test_delete_means_one_object(client, place):
    """With a uid, an object of the same name that came later is left alone."""
    uid = client.apply(place.path(), place.config())["metadata"]["uid"]
    assert client.delete(place.path(), uid="another") is False
    assert client.get(place.path()) is not None
    assert client.delete(place.path(), uid=uid) is True
    assert client.delete(place.path()) is False


def test_long_lists_come_in_pages(client, place):
    """More objects than fit on a page are all listed, each with its kind."""
    with ThreadPoolExecutor(16) as pool:
        names = [f"c{number}" for number in range(510)]
        list(pool.map(lambda name: client.apply(place.path(name), place.config(name)), names))
    before = client.requests
    listing = client.list(place.configs)
    assert client.requests == before + 2
    assert {item["metadata"]["name"] for item in listing.items} >= set(names)
    assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {("v1", "ConfigMap")}
    brief = client.list(place.configs, fields="metadata.name=c7", metadata_only=True)
    assert [set(item) for item in brief.items] == [{"apiVersion", "kind", "metadata"}]


def test_warnings_are_told_once(client, place):
    """What the server warns of is passed on, not once for each object."""
    told: list[Event] = []
    warned = Client(client.access, notify=told.append)
    path = f"/apis/apps/v1/namespaces/{place.name}/deployments"
    for name in ("a", "b"):
        warned.apply(f"{path}/{name}", _deprecated(place, name), dry_run=True)
    (warning,) = told
    assert isinstance(warning, ServerWarning)
    assert str(warning.ref) == f"Deployment/{place.name}/a"
    assert "beta.kubernetes.io/os" in str(told[0])


def _deprecated(place: Place, name: str) -> Manifest:
    spec = {
        "nodeSelector": {"beta.kubernetes.io/os": "linux"},
        "containers": [{"name": "c", "image": "example.com/c:1"}],
    }
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": place.name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


# Who we are, and whom we trust


def test_we_act_as_whom_the_kubeconfig_says(client):
    """Impersonation reaches the server with every group."""
    login = replace(client.access.login, impersonate=Impersonation("jane", groups=("dev", "ops")))
    acting = Client(replace(client.access, login=login))
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    user = acting.create(path, review | {"metadata": {}})["status"]["userInfo"]
    assert user["username"] == "jane"
    assert {"dev", "ops"} <= set(user["groups"])
    with pytest.raises(AccessDenied, match='User "jane" cannot list resource "nodes"'):
        acting.list("/api/v1/nodes")


def test_a_server_that_cannot_be_verified_is_not_spoken_to(client):
    """The wrong name or authority ends the attempt at once; tls-server-name mends a name."""
    named = replace(client.access, tls_server_name="kubernetes.default.svc")
    assert Client(named).get("/version")
    with pytest.raises(Unreachable, match="cannot be verified"):
        Client(replace(client.access, tls_server_name="other.example")).get("/version")
    with pytest.raises(Unreachable, match="cannot be verified"):
        Client(replace(client.access, ca=b"", ca_file="")).get("/version")
    trusting = replace(client.access, ca=b"", ca_file="", insecure=True)
    assert Client(trusting).get("/version")


def test_a_proxy_makes_the_connection(client, place):
    """With proxy-url everything goes through the proxy, encrypted to the server itself."""
    with Tunnel() as tunnel:
        there = Client(replace(client.access, proxy=f"http://me:s%40cret@{tunnel.address}"))
        assert there.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
        there.close()
    assert tunnel.targets == [client.access.server.removeprefix("https://")]
    assert tunnel.authorization == ["Basic bWU6c0BjcmV0"]


def test_a_proxy_that_is_away_is_told(client):
    """It is the proxy that cannot be reached, not the cluster."""
    there = Client(replace(client.access, proxy="http://127.0.0.1:1"), sleep=lambda _: None)
    with pytest.raises(Unreachable, match=r"proxy 127\.0\.0\.1:1: Connection refused"):
        there.get("/version")


def test_a_wrong_address_is_told_at_once(client):
    """A server that never answered is tried twice, and that is all."""
    waits: list[float] = []
    lost = Client(replace(client.access, server="https://127.0.0.1:1"), sleep=waits.append)
    with pytest.raises(Unreachable, match="cannot connect: Connection refused"):
        lost.get("/version")
    assert len(waits) == 1


# Faults on the way


def test_the_server_may_ask_us_to_slow_down(patient, proxy, place):
    """429 is repeated after the time it names, and told after the first retry, once."""
    proxy.on("PATCH", "/configmaps/a", Answer(429, {"Retry-After": "3"}), times=3)
    assert patient.client.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
    assert len(patient.waits) == 3
    assert all(3.0 <= wait <= 4.5 for wait in patient.waits)
    assert [type(each) for each in patient.told] == [Retrying]
    assert len(proxy.forwarded) == 1


def test_one_short_wait_is_not_worth_a_word(patient, proxy, place):
    """A fault that is gone a moment later does not bother anybody."""
    proxy.on("PATCH", "/configmaps/a", Answer(503))
    patient.client.apply(place.path(), place.config())
    assert len(patient.waits) == 1
    assert patient.told == []


def test_patience_ends(proxy, place):
    """What does not pass in time is an error that says how long it was tried."""
    time_now = [0.0]

    def sleep(seconds: float) -> None:
        time_now[0] += seconds

    hasty = Client(proxy.access, patience=20.0, now=lambda: time_now[0], sleep=sleep)
    proxy.on("PATCH", "/configmaps/a", Answer(503, body=b"starting"), times=99)
    with pytest.raises(Rejected, match=r"starting \(tried \d times in \d+s\)") as caught:
        hasty.apply(place.path(), place.config())
    assert caught.value.status == 503
    assert 10.0 < time_now[0] <= 20.0
    with pytest.raises(Rejected):
        hasty.apply(place.path(), place.config(), retry_until=time_now[0])


@pytest.mark.parametrize(
    "fault",
    [LoseRequest(), LoseAnswer(), CutHead(), CutBody(after=20), Shorten(to=20)],
    ids=lambda fault: type(fault).__name__,
)
def test_an_apply_survives_a_bad_wire(patient, proxy, place, fault):
    """However the answer is lost, the object is applied and its whole state comes back."""
    proxy.on("PATCH", "/configmaps/a", fault)
    assert patient.client.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
    assert len(proxy.asked) == 2


@pytest.mark.parametrize("fault", [CutHead(), CutBody(after=300), Shorten(to=300)])
def test_a_list_is_whole_or_fails(patient, proxy, client, place, fault):
    """Half an answer is never taken for the whole."""
    for name in ("a", "b", "c"):
        client.apply(place.path(name), place.config(name))
    proxy.on("GET", "/configmaps", fault)
    listing = patient.client.list(place.configs)
    assert {"a", "b", "c"} <= {item["metadata"]["name"] for item in listing.items}


def test_a_connection_closed_meanwhile_is_replaced(patient, proxy, place):
    """Kept connections that the other end gave up cost neither a wait nor an error."""
    proxy.on("PATCH", "/configmaps", CloseAfterwards(), times=5)
    for number in range(5):
        patient.client.apply(place.path(), place.config(x=str(number)))
    assert patient.waits == []


def test_our_own_creation_is_recognised(patient, proxy, place):
    """When the answer to a creation was lost, finding the object there is success."""
    proxy.on("POST", "/configmaps", LoseAnswer())
    assert patient.client.create(place.configs, place.config(x="1"))["data"] == {"x": "1"}
    assert [asked.method for asked in proxy.forwarded] == ["POST", "POST", "GET"]


def test_the_creation_of_somebody_else_is_not_ours(patient, proxy, client, place):
    """An object that differs from what we sent was made by somebody else."""
    client.apply(place.path(), place.config(x="theirs"))
    proxy.on("POST", "/configmaps", LoseAnswer())
    with pytest.raises(AlreadyExists):
        patient.client.create(place.configs, place.config(x="ours"))


def test_our_own_replacement_is_recognised(patient, proxy, client, place):
    """When the answer to a replacement was lost, it did not lose against itself."""
    first = client.create(place.configs, place.config(x="1"))
    proxy.on("PUT", "/configmaps/a", LoseAnswer(), times=2)
    second = patient.client.replace(place.path(), first | {"data": {"x": "2"}})
    assert second["data"] == {"x": "2"}
    client.replace(place.path(), second | {"data": {"x": "theirs"}})
    with pytest.raises(StaleWrite):
        patient.client.replace(place.path(), second | {"data": {"x": "3"}})


def test_our_own_deletion_is_recognised(patient, proxy, client, place):
    """When the answer to a deletion was lost, it still was us."""
    client.apply(place.path(), place.config())
    proxy.on("DELETE", "/configmaps/a", LoseAnswer())
    assert patient.client.delete(place.path()) is True


def test_a_name_made_by_the_server_is_not_made_twice(patient, proxy, place):
    """A creation without a name of its own is not repeated when it may have happened."""
    proxy.on("POST", "/configmaps", LoseAnswer())
    manifest = place.config()
    manifest["metadata"] = {"generateName": "many-", "namespace": place.name}
    with pytest.raises(Unreachable):
        patient.client.create(place.configs, manifest)
    assert len(proxy.forwarded) == 1


def test_refused_credentials_are_renewed(patient, proxy, place):
    """One 401 is answered with fresh credentials at once, more of them for a while."""
    proxy.on("PATCH", "/configmaps/a", Answer(401))
    patient.client.apply(place.path(), place.config())
    assert patient.waits == []
    proxy.on("PATCH", "/configmaps/a", Answer(401), times=4)
    patient.client.apply(place.path(), place.config())
    assert len(patient.waits) == 3
    proxy.on("PATCH", "/configmaps/a", Answer(401), times=ALWAYS)
    with pytest.raises(AccessDenied, match="not accepted"):
        patient.client.apply(place.path(), place.config())
    assert sum(patient.waits[3:]) < 45.0  # half a minute, and what keeps threads apart


def test_credentials_that_were_never_accepted_are_renewed_once(proxy):
    """Nobody waits half a minute for a login that has run out."""
    proxy.on("GET", "", Answer(401), times=ALWAYS)
    waits: list[float] = []
    with pytest.raises(AccessDenied, match="not accepted"):
        Client(proxy.access, sleep=waits.append).get("/version")
    assert (len(proxy.asked), waits) == (2, [])


def test_refusals_are_final(patient, proxy, place):
    """What the server understood and refused is sent once."""
    with pytest.raises(Invalid):
        patient.client.apply(place.path(), place.config(**{"not a key": "x"}))
    with pytest.raises(Rejected):
        patient.client.apply(place.path(), place.config() | {"dta": {}})
    assert len(proxy.asked) == 2


def test_half_a_refusal_is_none(patient, proxy, client, place):
    """What was refused, and why, is known only from the whole answer."""
    first = client.create(place.configs, place.config(x="1"))
    client.replace(place.path(), first | {"data": {"x": "2"}})
    proxy.on("PUT", "/configmaps/a", Shorten(to=40))
    with pytest.raises(StaleWrite):
        patient.client.replace(place.path(), first | {"data": {"x": "3"}})
    assert [asked.method for asked in proxy.forwarded] == ["PUT", "PUT", "GET"]


def test_something_else_at_the_address_is_told(patient, proxy):
    """A page of a gateway is not taken for an object."""
    proxy.on("GET", "/version", Answer(200, {"Content-Type": "text/html"}, b"<html>"))
    with pytest.raises(Unreachable, match="not an API server"):
        patient.client.get("/version")


def test_a_webhook_is_waited_for(patient, client, place):
    """A webhook nobody answers for is told by name, and waited for until it is mended."""
    name = f"{place.name}.example.com"
    configuration = f"WebhookConfiguration {name}"
    client.create(CONFIGURATIONS, _webhook(name, place))

    def mend() -> None:
        if len(patient.waits) == 3:
            client.delete(f"{CONFIGURATIONS}/{name}")
            _until_admitted(client, place)

    patient.meanwhile = mend
    assert patient.client.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
    assert len(patient.waits) == 3
    assert [each.why for each in patient.told if isinstance(each, Retrying)] == [
        f'webhook {name} does not answer: service "missing" not found (Validating{configuration})'
    ]


def test_a_webhook_is_waited_for_as_long_as_the_work_may_take(client, place):
    """The deadline of the work counts, however short the patience with all else is."""
    name, clock = f"{place.name}.example.com", [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] > 400.0:
            client.delete(f"{CONFIGURATIONS}/{name}")
            _until_admitted(client, place)

    patient = Client(client.access, patience=1.0, now=lambda: clock[0], sleep=sleep)
    client.create(CONFIGURATIONS, _webhook(name, place))
    with patient.within(1200.0):
        assert patient.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
    assert clock[0] > 400.0


def test_time_is_up_for_a_webhook_and_who_has_it_asked_is_named(client, place):
    """The configuration, the Service and what to do are in the hint; no longer is waited."""
    name, clock = f"{place.name}.example.com", [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    hasty = Client(client.access, patience=900.0, now=lambda: clock[0], sleep=sleep)
    client.create(CONFIGURATIONS, _webhook(name, place))
    try:
        with (
            hasty.within(200.0),
            pytest.raises(OutOfTime, match=r"time is up: .*tried \d+ times in 3m \d+s") as late,
        ):
            hasty.apply(place.path(), place.config(x="1"))
    finally:
        client.delete(f"{CONFIGURATIONS}/{name}")
    assert f"ValidatingWebhookConfiguration {name} has it asked" in late.value.hint
    assert f"Service {place.name}/missing" in late.value.hint
    assert f"kubectl delete validatingwebhookconfiguration {name}" in late.value.hint
    assert 190.0 < clock[0] <= 200.0


def _webhook(name: str, place: Place) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": name,
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"service": {"name": "missing", "namespace": place.name}},
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": place.name},
                },
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["configmaps"],
                    }
                ],
            }
        ],
    }


def _until_admitted(client: Client, place: Place) -> None:
    """Wait for the server to have forgotten the webhook, which it does within a second."""
    client.apply(place.path("probe"), place.config("probe"), dry_run=True)


def test_a_wait_can_be_stopped(proxy, place):
    """Ctrl-C does not sit through the wait for a retry."""
    stop = threading.Event()
    client = Client(proxy.access, stop=stop)
    proxy.on("PATCH", "/configmaps/a", Answer(429, {"Retry-After": "50"}), times=9)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="slow down"):
        client.apply(place.path(), place.config())
    assert time.monotonic() - began < SOON


def test_the_last_words_of_a_stopped_run_are_still_written(proxy, place):
    """A request that begins after the stop is repeated for a moment: it may be the record."""
    stop = threading.Event()
    stop.set()
    client = Client(proxy.access, stop=stop)
    proxy.on("PATCH", "/configmaps/a", Answer(503))
    assert client.apply(place.path(), place.config(x="1"))["data"] == {"x": "1"}
    proxy.on("PATCH", "/configmaps/a", Answer(503, {"Retry-After": "50"}))
    with pytest.raises(Rejected):
        client.apply(place.path(), place.config())


# Watches


class Follower:
    """Follows the ConfigMaps of a test in a thread of its own."""

    def __init__(self, client: Client, place: Place) -> None:
        self.stop = threading.Event()
        self.failure: Exception | None = None
        self._events: list[WatchEvent] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, args=(client, place), daemon=True)
        self._thread.start()

    def _run(self, client: Client, place: Place) -> None:
        try:
            for event in client.follow(place.configs, labels="mine=yes", stop=self.stop):
                with self._changed:
                    self._events.append(event)
                    self._changed.notify_all()
        except Rejected as error:
            self.failure = error

    def saw(self, *expected: str) -> bool:
        """Say whether these were the events, as soon as there are so many."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) >= len(expected), SOON)
            found = [_short(event) for event in self._events]
        assert found == list(expected)
        return True

    def end(self) -> float:
        """Stop following; return how long that took."""
        began = time.monotonic()
        self.stop.set()
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        return time.monotonic() - began


def _short(event: WatchEvent) -> str:
    name = event.object.get("metadata", {}).get("name", "")
    return f"{event.type} {name}".strip()


def _mine(place: Place, name: str, **entries: str) -> Manifest:
    manifest = place.config(name, **entries)
    manifest["metadata"] |= {"labels": {"mine": "yes"}}
    return manifest


def test_following_tells_what_is_there_and_then_every_change(client, place):
    """First the list, then LISTED, then changes as they happen; stopping is quick."""
    client.apply(place.path("a"), _mine(place, "a"))
    follower = Follower(client, place)
    assert follower.saw("ADDED a", "LISTED")
    client.apply(place.path("other"), place.config("other"))
    client.apply(place.path("b"), _mine(place, "b"))
    client.apply(place.path("a"), _mine(place, "a", x="1"))
    client.delete(place.path("b"))
    assert follower.saw("ADDED a", "LISTED", "ADDED b", "MODIFIED a", "DELETED b")
    assert follower.end() < 2.0


def test_following_survives_lost_connections(patient, proxy, client, place):
    """A watch that breaks goes on where it was, without telling anything twice."""
    follower = Follower(patient.client, place)
    assert follower.saw("LISTED")
    client.apply(place.path("a"), _mine(place, "a"))
    assert follower.saw("LISTED", "ADDED a")
    held = Hold()
    proxy.on("GET", "watch=true", held)
    proxy.cut()
    assert held.arrived.wait(SOON)
    client.apply(place.path("b"), _mine(place, "b"))
    held.release.set()
    assert follower.saw("LISTED", "ADDED a", "ADDED b")
    follower.end()


@pytest.mark.parametrize(
    "gone",
    [
        Answer(410, {"Content-Type": "application/json"}, GONE),
        Answer(200, {}, b'{"type": "ERROR", "object": %b}\n' % GONE),
    ],
    ids=["refused", "within"],
)
def test_following_lists_again_when_it_was_away_too_long(patient, proxy, client, place, gone):
    """What changed and what vanished in a gap is told as changes, each once."""
    for name in ("a", "b", "c", "d"):
        client.apply(place.path(name), _mine(place, name))
    follower = Follower(patient.client, place)
    before = ("ADDED a", "ADDED b", "ADDED c", "ADDED d", "LISTED")
    assert follower.saw(*before)
    held = Hold(then=gone)
    proxy.on("GET", "watch=true", held)
    proxy.cut()
    assert held.arrived.wait(SOON)
    client.delete(place.path("a"))
    client.delete(place.path("b"))
    client.apply(place.path("b"), _mine(place, "b"))  # another object of the same name
    client.apply(place.path("c"), _mine(place, "c", x="1"))
    held.release.set()
    assert follower.saw(*before, "DELETED a", "DELETED b", "ADDED b", "MODIFIED c")
    follower.end()


def test_following_ends_when_we_may_not_see(client, place):
    """A refusal is raised instead of being asked for ever."""
    login = replace(client.access.login, impersonate=Impersonation("jane"))
    acting = Client(replace(client.access, login=login))
    with pytest.raises(AccessDenied, match="cannot list"):
        next(iter(acting.follow(place.configs, stop=threading.Event())))


def watched(client: Client, path: str) -> Iterator[WatchEvent]:
    """Open a single watch, from the very first version."""
    return read_watch(client._exchange, ListSelection(path), "1", threading.Event())


def test_a_watch_from_a_forgotten_version_says_so(patient, proxy, place):
    """A single watch leaves it to the caller to list again."""
    proxy.on("GET", "watch=true", Answer(200, {}, b'{"type":"ERROR","object":%b}\n' % GONE))
    with pytest.raises(Expired):
        list(watched(patient.client, place.configs))


def test_what_the_server_says_of_a_forgotten_version_is_understood(stack, client):
    """It is no object; a kind that was defined a moment ago has no version before that."""
    stack.deploy(stack.part("a", stack.namespace(), stack.definition("widgets", "Widget")))
    path = f"/apis/{stack.name}.example.com/v1/widgets"
    with pytest.raises(Expired):
        list(watched(client, path))
    assert stack.teardown().residue == ()


def test_a_list_that_expires_between_pages_begins_anew(patient, proxy, client, place):
    """Pages of two versions are never mixed."""
    page = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [place.config("stale")]}
    first = page | {"metadata": {"continue": "more", "resourceVersion": "1"}}
    headers = {"Content-Type": "application/json"}
    proxy.on("GET", "/configmaps", Answer(200, headers, json.dumps(first).encode()))
    proxy.on("GET", "continue=more", Answer(410, headers, GONE))
    client.apply(place.path("b"), place.config("b"))
    names = {item["metadata"]["name"] for item in patient.client.list(place.configs).items}
    assert "b" in names
    assert "stale" not in names
