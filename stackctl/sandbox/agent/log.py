"""How the agent says what it did: one line each, with the time, on standard error."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

Log = Callable[[str], None]


def log_to_stderr(text: str) -> None:
    """Write one line; several threads may."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    sys.stderr.write(f"{now}Z {text}\n")
    sys.stderr.flush()
