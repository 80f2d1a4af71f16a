"""Which failed requests are sent again, why, and after how long."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from stackctl.api.http.retries import Circumstances, Failure, Fault, Retry, backoff, decide

CALL = 'Internal error occurred: failed calling webhook "v.kserve.io": failed to call webhook: '
POST = 'Post "https://webhook.kserve.svc:443/validate?timeout=10s": '
QUOTA = (
    'Operation cannot be fulfilled on resourcequotas "compute": '
    "the object has been modified; please apply your changes to the latest version"
)


def decided(
    *,
    repeatable: bool = True,
    attempt: int = 1,
    known: bool = True,
    course: Mapping[str, Any] = MappingProxyType({}),
    **failure,
) -> Retry | None:
    return decide(Failure(**failure), Circumstances(repeatable, attempt, known, **course))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 422])
def test_our_own_mistakes_are_never_repeated(status):
    """What the server understood and refused stays refused."""
    assert decided(status=status, text="no") is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("repeatable", [True, False])
def test_the_server_says_how_long(status, repeatable):
    """Retry-After is kept to, also for requests that must not be carried out twice."""
    retry = decided(status=status, retry_after=7.0, repeatable=repeatable)
    assert retry is not None
    assert retry.seconds == 7.0


def test_without_a_time_each_wait_is_longer():
    """The waits double and end at a bound."""
    waits = [retry.seconds for n in range(1, 9) if (retry := decided(status=503, attempt=n))]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert backoff(10_000) == 10.0


@pytest.mark.parametrize(
    "text",
    [
        CALL + POST + "dial tcp 10.0.0.9:443: connect: connection refused",
        CALL + POST + 'no endpoints available for service "webhook"',
        CALL + POST + "tls: failed to verify certificate: x509: certificate signed by unknown "
        "authority",
        CALL + POST + 'service "webhook" not found',
        CALL + POST + "context deadline exceeded",
        'conversion webhook for kserve.io/v1alpha1, Kind=X failed: Post "https://w": EOF',
    ],
)
def test_a_webhook_that_does_not_answer_is_waited_for(text):
    """Its calls fail before anything is stored: even a creation is repeated, and soon."""
    retry = decided(status=500, text=text, repeatable=False, attempt=9)
    assert retry is not None
    assert retry.seconds == 2.0
    assert "webhook" in retry.why
    assert "Post" not in retry.why
    assert retry.lasting


def test_a_webhook_that_says_no_is_not_asked_again():
    """A denial is an answer."""
    text = 'admission webhook "v.kserve.io" denied the request: no storage'
    assert decided(status=403, text=text) is None
    assert decided(status=400, text=text) is None
    assert decided(status=500, text=text) is None


def test_quota_contention_passes_and_other_conflicts_do_not():
    """Two creations at once may both want to write the quota; that is nobody's mistake."""
    assert decided(status=409, text=QUOTA, kind="resourcequotas", repeatable=False)
    other = QUOTA.replace("resourcequotas", "leases")
    assert decided(status=409, text=other, kind="leases") is None


@pytest.mark.parametrize("text", ["etcdserver: leader changed", "etcdserver: request timed out"])
def test_a_database_that_elects_its_leader_is_waited_for(text):
    """Whether it stored something is unknown, so only repeatable requests are sent again."""
    retry = decided(status=500, text=text)
    assert retry is not None
    assert retry.why == text
    assert decided(status=500, text=text, repeatable=False) is None


def test_an_unexplained_error_of_the_server_is_repeated_for_a_moment():
    """One may be a hiccup; the same five times, or for 15 seconds, is an answer."""
    text = "Internal error occurred: nil map"
    retry = decided(status=500, text=text)
    assert retry is not None
    assert retry.seconds == 0.25
    assert decided(status=500, text=text, course={"same": 4, "same_for": 14.0}) is not None
    assert decided(status=500, text=text, course={"same": 5}) is None
    assert decided(status=500, text=text, course={"same": 2, "same_for": 15.0}) is None
    assert decided(status=500, text=text, repeatable=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "conversion webhook for kserve.io/v1alpha1, Kind=X failed: expected 2 objects, got 0",
        'failed calling webhook "v.kserve.io": expected webhook response of admission.k8s.io/v1',
    ],
)
def test_a_webhook_that_answers_nonsense_is_quoted(text):
    """It can be reached, and what it says does not get better by waiting."""
    assert decided(status=500, text=text) is not None
    assert decided(status=500, text=text, course={"same": 5}) is None


@pytest.mark.parametrize(
    "text",
    [
        "failed to create typed patch object (ml/x; v1, Kind=ConfigMap): .dta: field not declared",
        'admission webhook "v.kserve.io" denied the request: no storage',
    ],
)
def test_an_answer_with_the_number_of_an_error_is_an_answer(text):
    """Our own mistakes and denials come with a 500 as well."""
    assert decided(status=500, text=text) is None


@pytest.mark.parametrize("wait", [0.0, 0.01, float("nan"), float("-inf"), -5.0])
def test_no_server_makes_us_busy(wait):
    """Who asks for no wait has named none: the waits grow as without a word."""
    waits = [
        retry.seconds
        for n in range(1, 8)
        if (retry := decided(status=429, retry_after=wait, attempt=n))
    ]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]


def test_no_server_puts_us_off_for_ever():
    """Longer than half a minute is not waited without asking again."""
    retry = decided(status=429, retry_after=1e9)
    assert retry is not None
    assert retry.seconds == 30.0


def test_credentials_are_renewed_once():
    """Where they were never accepted, a second 401 is final."""
    first = decided(status=401, repeatable=False)
    assert first is not None
    assert first.renew
    assert decided(status=401, course={"refused": 2}) is None


def test_credentials_that_were_good_a_moment_ago_are_renewed_for_a_while():
    """A member that does not know them yet, or no more, is outlasted for half a minute."""
    again = decided(status=401, course={"refused": 2, "refused_for": 1.0, "accepted": True})
    assert again is not None
    assert again.renew
    assert again.seconds >= 1.0
    late = {"refused": 5, "refused_for": 30.0, "accepted": True}
    assert decided(status=401, course=late) is None
    assert decided(status=401, course={"refused": 8, "accepted": True}) is None


def test_an_old_answer_is_asked_for_again():
    """A bounded number of times."""
    assert decided(fault=Fault.STALE, attempt=1) is not None
    assert decided(fault=Fault.STALE, attempt=8) is None


def test_a_kept_connection_that_was_closed_is_replaced_at_once():
    """The first time costs no wait, the next ones do."""
    first, second = decided(fault=Fault.DROPPED), decided(fault=Fault.DROPPED, attempt=2)
    assert first is not None
    assert second is not None
    assert (first.seconds, second.seconds) == (0.0, 0.5)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.SILENT, Fault.TRUNCATED])
def test_what_may_have_happened_is_not_done_twice(fault):
    """A request that must not be carried out twice is not repeated without an answer."""
    assert decided(fault=fault) is not None
    assert decided(fault=fault, repeatable=False) is None


def test_what_was_never_sent_is_sent_again():
    """Where no connection came about, nothing can have happened."""
    assert decided(fault=Fault.CONNECT, repeatable=False) is not None


@pytest.mark.parametrize("fault", [Fault.CONNECT, Fault.DROPPED, Fault.SILENT])
def test_a_server_that_never_answered_is_given_up_soon(fault):
    """A wrong address is told at once, a server that restarts is waited for."""
    assert decided(fault=fault, known=False, attempt=1) is not None
    assert decided(fault=fault, known=False, attempt=2) is None
    assert decided(fault=fault, known=True, attempt=20) is not None


def test_a_stranger_is_not_asked_again():
    """A certificate that cannot be verified does not get better."""
    assert decided(fault=Fault.UNTRUSTED, text="self-signed certificate") is None
