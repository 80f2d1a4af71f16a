"""Which failed requests are sent again, why, and after how long."""

import pytest

from stackctl.api.retries import Circumstances, Failure, Fault, Retry, backoff, decide

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
    renewed: bool = False,
    **failure,
) -> Retry | None:
    return decide(Failure(**failure), Circumstances(repeatable, attempt, known, renewed))


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


def test_an_unexplained_error_of_the_server_is_not_repeated():
    """A 500 that names no passing condition is told."""
    assert decided(status=500, text="Internal error occurred: nil map") is None


def test_credentials_are_renewed_once():
    """A second 401 is final."""
    first = decided(status=401, repeatable=False)
    assert first is not None
    assert first.renew
    assert decided(status=401, renewed=True) is None


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
