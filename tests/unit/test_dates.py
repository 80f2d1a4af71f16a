"""What time it is by a header."""

from datetime import UTC, datetime

import pytest

from stackctl.api.http.dates import date_in
from stackctl.api.http.refusals import read_refusal

DATE = "Fri, 27 Nov 2026 10:00:00 GMT"
LATER = "Fri, 27 Nov 2026 10:00:07 GMT"
TEN = datetime(2026, 11, 27, 10, tzinfo=UTC)


def test_of_two_dates_the_first_counts():
    """The server's own stands before those of proxies."""
    assert date_in({"Date": DATE}) == TEN
    assert date_in({"Date": f"{DATE}, {LATER}"}) == TEN


@pytest.mark.parametrize("text", ["", "tomorrow", "Fri, 99 Nov 2026 10:00:00 GMT", "0"])
def test_what_is_no_date_is_none(text):
    """Never an error."""
    assert date_in({"Date": text}) is None
    assert date_in({}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": LATER, "Date": DATE}, 7.0),
        ({"Retry-After": DATE, "Date": LATER}, 0.0),
        ({"Retry-After": LATER}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_us_to_wait(headers, seconds):
    """In seconds, or until a date by its own clock; nonsense is no answer."""
    assert read_refusal(429, headers, b"slow down").failure.retry_after == seconds
