"""What is sent to the API server, and what comes back.

How it gets there is for `exchange`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.api.http.refusals import name_path
from stackctl.model.shapes.json_text import Keep

JSON = "application/json"
READ_SECONDS = 65.0  # for one try: an API server ends a request after 60

Fence = Callable[[], None]  # raises where nothing may be written any more


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how far to go for it."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    timeout: float = READ_SECONDS  # for one try; of what is read as it comes, for each part
    verb: str = ""  # for messages: "apply"
    what: str = ""  # the object, where the path alone does not name its kind
    repeatable: bool = True  # carrying it out twice does no harm
    retry_until: float | None = None  # by the clock given to the exchange; None: its patience
    fence: Fence | None = None  # asked before each try
    # What is kept of the object in the answer, or of each of the items: as they are decoded.
    keep: Keep | None = None
    paced: bool = False  # one of many: as many are under way as the server answers well
    hear: Callable[[str], None] | None = None  # is told each warning, and nobody else is

    @property
    def name(self) -> str:
        """What it is about, for messages."""
        return self.what or name_path(self.path)

    @property
    def is_dry(self) -> bool:
        """The server only tries what would happen."""
        return "dryRun" in (self.query or {})

    @property
    def writes(self) -> bool:
        """It may change something."""
        return self.method != "GET" and not self.is_dry


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `document` is the JSON in it, or None."""

    status: int
    headers: Mapping[str, str]  # their names in any case
    body: bytes
    document: Any = None
