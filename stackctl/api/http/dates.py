"""Dates in headers of HTTP, of which there may be none, several, or something else."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

_DATE = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")


def date_in(headers: Mapping[str, str], name: str = "Date") -> datetime | None:
    """Read a date; of several the first, which is the server's own: proxies add theirs after it."""
    found = _DATE.search(headers.get(name) or "")
    if found is None:
        return None
    try:
        return parsedate_to_datetime(found[0])
    except ValueError:
        return None
