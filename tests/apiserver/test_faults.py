"""Deploys through a bad wire to a busy server: nothing is lost, or what is wrong is said."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from stackctl.actions.status import status
from stackctl.api.client import Client
from stackctl.cluster.record import releases
from stackctl.errors import AccessDenied, ApplyError, StackError
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import Retrying
from tests.apiserver.child import first
from tests.apiserver.faults import (
    ALWAYS,
    Answer,
    CloseAfterwards,
    CutBody,
    CutHead,
    Dates,
    Delay,
    Every,
    Fault,
    LoseAnswer,
    LoseRequest,
    Shorten,
    Skew,
    Trickle,
)
from tests.apiserver.mixture import Mixture
from tests.apiserver.stacks import Stack, behind

JSON = {"Content-Type": "application/json"}
OBJECTS = r"/(configmaps|deployments|widgets|customresourcedefinitions)/"


def refusal(code: int, reason: str, message: str, kind: str = "") -> bytes:
    """A Status as API servers answer it."""
    return json.dumps(
        {
            "kind": "Status",
            "code": code,
            "reason": reason,
            "message": message,
            "details": {"kind": kind},
        }
    ).encode()


QUOTA = refusal(
    409,
    "Conflict",
    'Operation cannot be fulfilled on resourcequotas "q": the object has been modified',
    "resourcequotas",
)
ELECTION = refusal(500, "InternalError", "etcdserver: leader changed")
TIMEOUT = refusal(500, "Timeout", "request timed out")
HICCUP = refusal(500, "InternalError", "Internal error occurred: nil map")
GONE = refusal(410, "Expired", "too old resource version")


def require_whole(stack: Stack) -> None:
    """Make sure, without the proxy, that everything is as in an undisturbed run."""
    release = releases.current(stack.client, stack.id).release
    assert release.status is ReleaseStatus.DEPLOYED
    assert all(entry.uid and entry.owned and entry.created for entry in release.inventory)
    assert len(release.inventory) == sum(len(part.objects) for part in first(stack))
    assert status(stack.id, stack.connection).current
    assert stack.deploy(*first(stack)).release is None


PASSING: dict[str, tuple[str, str, Fault, int]] = {
    "slow down, and when": ("PATCH", OBJECTS, Answer(429, {"Retry-After": "1"}), 2),
    "slow down": ("PATCH", OBJECTS, Answer(429), 3),
    "unavailable": ("PATCH", OBJECTS, Answer(503), 3),
    "a gateway without a server": ("GET", "/api", Answer(502), 3),
    "timed out": ("PATCH", OBJECTS, Answer(500, JSON, TIMEOUT), 2),
    "an election": ("PATCH", OBJECTS, Answer(500, JSON, ELECTION), 2),
    "a quota is counted": ("PATCH", "/configmaps/", Answer(409, JSON, QUOTA), 2),
    "a request is lost": ("PATCH", OBJECTS, LoseRequest(), 3),
    "an answer is lost": ("PATCH", OBJECTS, LoseAnswer(), 3),
    "the record's answer is lost": ("POST", "/configmaps", LoseAnswer(), 1),
    "the last record's answer is lost": ("PUT", "/configmaps/", LoseAnswer(), 1),
    "the answer to what was applied is lost": ("PATCH", "/secrets/", LoseAnswer(), 2),
    "the lock's answer is lost": ("POST", "/leases", LoseAnswer(), 1),
    "reset in the middle": ("PATCH", OBJECTS, CutBody(after=40), 3),
    "a list is reset in the middle": ("GET", "/api", CutBody(after=200), 3),
    "half a document": ("PATCH", OBJECTS, Shorten(to=40), 3),
    "half a list": ("GET", "/api", Shorten(to=200), 3),
    "connections are closed": ("PATCH", OBJECTS, CloseAfterwards(), ALWAYS),
    "in small pieces": ("GET", "/api", Trickle(size=700, pause=0.01), ALWAYS),
    "a watch is too old": ("GET", "watch=true", Answer(410, JSON, GONE), 3),
    "a watch is closed at once": ("GET", "watch=true", Answer(200, JSON, b""), 3),
    "a watch is lost": ("GET", "watch=true", LoseRequest(), 3),
    "a watch is refused for a while": ("GET", "watch=true", Answer(503), 3),
    "credentials have to be read again": ("PATCH", "/configmaps/old", Answer(401), 1),
    "credentials are unknown to one member": ("PATCH", "/configmaps/old", Answer(401), 3),
    "slow down, and no time": ("PATCH", OBJECTS, Answer(429, {"Retry-After": "0"}), 3),
    "slow down, and nonsense": ("PATCH", OBJECTS, Answer(429, {"Retry-After": "nan"}), 3),
    "a hiccup": ("PATCH", OBJECTS, Answer(500, JSON, HICCUP), 3),
    "a hiccup while looking": ("GET", "/api", Answer(500, JSON, HICCUP), 3),
    "a hiccup of a proxy": ("GET", "/namespaces", Answer(500), 3),
    "a hiccup at the record": ("PUT", "/configmaps/", Answer(500, JSON, HICCUP), 2),
    "a hiccup at the lock": ("POST", "/leases", Answer(500, JSON, HICCUP), 1),
    "half a head": ("PATCH", OBJECTS, CutHead(), 3),
    "two dates": ("GET", "/version", Dates(("", "Fri, 27 Nov 2026 10:00:00 GMT")), ALWAYS),
    "two dates, one of them empty": ("GET", "/version", Dates((" ", "")), ALWAYS),
    "a date that is none": ("GET", "/version", Dates(("in the evening",)), ALWAYS),
    "no date": ("GET", "/version", Dates(), ALWAYS),
}


@pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
def test_a_deploy_gets_through(stack, far, proxy, case):
    """The fault is outlasted, and everything is as if it had not been."""
    method, pattern, fault, times = case
    proxy.on(method, pattern, fault, times=times)
    far.deploy(*first(far))
    met = [each for each in proxy.asked if each.method == method and re.search(pattern, each.path)]
    assert met  # or nothing is shown
    require_whole(stack)


def test_many_objects_get_through_a_busy_server(stack, far, proxy):
    """Where every tenth object is put off, and answers are lost besides, all are there."""
    lost = Every(15, LoseAnswer())
    busy = Every(10, Answer(429, {"Retry-After": "1"}), otherwise=lost)
    proxy.on("PATCH", f"/namespaces/{stack.name}/configmaps/", busy, times=ALWAYS)
    names = [f"many-{number}" for number in range(150)]
    part = stack.part("many", stack.namespace(), *(stack.config(name) for name in names))
    far.deploy(part)
    assert stack.deploy(part).release is None
    items = stack.client.list(f"/api/v1/namespaces/{stack.name}/configmaps").items
    assert {each["metadata"]["name"] for each in items} >= set(names)


def test_a_slow_wire_costs_time_and_nothing_else(stack, far, proxy):
    """Every answer is late."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        proxy.on(method, "", Delay(0.03), times=ALWAYS)
    far.deploy(*first(far))
    require_whole(stack)


@pytest.mark.parametrize("hours", [-30, 30])
def test_clocks_may_differ(stack, far, proxy, hours):
    """The lock and the record go by the server's clock, whatever this machine's says."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        proxy.on(method, "^(?!.*watch=true)", Skew(timedelta(hours=hours)), times=ALWAYS)
    far.deploy(*first(far), lease=2.0)
    require_whole(stack)


def test_a_teardown_gets_through(stack, far, proxy):
    """Lost answers, refusals and resets do not keep anything alive."""
    stack.deploy(*first(stack))
    proxy.on("DELETE", OBJECTS, LoseAnswer(), times=2)
    proxy.on("DELETE", "/namespaces/", Answer(429), times=2)
    proxy.on("DELETE", "/secrets/", LoseRequest(), times=2)
    proxy.on("GET", "/api", CutBody(after=100), times=3)
    assert far.teardown().residue == ()
    assert stack.client.get(f"/api/v1/namespaces/{stack.name}") is None


def test_what_is_waited_for_is_told(stack, far, proxy):
    """Whoever watches the run learns why it stands still."""
    proxy.on("PATCH", "/configmaps/old", Answer(429, {"Retry-After": "1"}), times=3)
    far.deploy(*first(far))
    reasons = [each.why for each in far.told if isinstance(each, Retrying)]
    assert reasons == ["the API server asks us to slow down"]
    assert stack.teardown().residue == ()


def test_an_unexplained_error_that_stays_is_quoted_and_recorded(stack, far, proxy):
    """The object and the server's words are in the message; the next run goes on."""
    words = refusal(500, "InternalError", "something broke")
    broken = Answer(500, JSON, words)
    proxy.on("PATCH", r"/configmaps/old\?(?!.*dryRun)", broken, times=ALWAYS)
    with pytest.raises(ApplyError, match=r"ConfigMap/.*/old: cannot apply: something broke"):
        far.deploy(*first(far))
    assert len([each for each in proxy.asked if "/configmaps/old?" in each.path]) == 5
    assert releases.current(stack.client, stack.id).release.status is ReleaseStatus.FAILED
    stack.deploy(*first(stack))
    require_whole(stack)


def test_credentials_that_stay_refused_end_the_run(stack, far, proxy):
    """They were accepted a moment before: it takes half a minute, and says how to look."""
    hasty = Client(proxy.access, notify=far.tell, sleep=lambda _: None)
    impatient = Stack(replace(far.connection, client=hasty), stack.name)
    hasty.get("/version")
    proxy.on("PATCH", "/configmaps/", Answer(401), times=ALWAYS)
    with pytest.raises(ApplyError, match="credentials are not accepted") as refused:
        impatient.deploy(*first(far))
    assert "kubectl auth whoami" in refused.value.hint
    assert stack.teardown().residue == ()


def test_a_bad_day_is_survived(stack, proxy):
    """Everything at once: what does not get through is said, and the next run mends it."""
    proxy.on_everything(Mixture(7, jitter=0.01))
    for _ in range(3):
        with suppress(StackError), behind(proxy.access, stack) as there:
            there.deploy(*first(stack))
    stack.deploy(*first(stack), wait_lock=60.0)
    require_whole(stack)


def test_credentials_that_are_refused_from_the_start_touch_nothing(stack, far, proxy):
    """It is known before anything is written."""
    proxy.on("GET", "", Answer(401), times=ALWAYS)
    with pytest.raises(AccessDenied, match="not accepted"):
        far.deploy(*first(far))
    assert proxy.written == []


@pytest.fixture
def broken_api(stack: Stack) -> Iterator[str]:
    """An aggregated API whose server does not exist."""
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    name = f"v1.broken.{stack.name}.example.com"
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": name},
        "spec": {
            "group": f"broken.{stack.name}.example.com",
            "version": "v1",
            "groupPriorityMinimum": 10,
            "versionPriority": 10,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": "default"},
        },
    }
    stack.client.create(path, service)
    yield name
    stack.client.delete(f"{path}/{name}")


def test_an_aggregated_api_that_is_down_holds_up_only_namespaces(stack, broken_api):
    """Kubernetes itself deletes no namespace meanwhile: that is said, everything else goes on."""
    stack.deploy(*first(stack))
    assert status(stack.id, stack.connection).current
    assert stack.deploy(*first(stack)).release is None
    with pytest.raises(ApplyError, match=broken_api.removeprefix("v1.")) as held:
        stack.teardown(timeout=8.0)
    assert "1 object not gone" in str(held.value)
    stack.client.delete(f"/apis/apiregistration.k8s.io/v1/apiservices/{broken_api}")
    assert stack.teardown().residue == ()
