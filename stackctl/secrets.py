"""What is secret in this run: learnt where it comes in, hidden wherever text leaves.

Values are learnt before they are checked, so that a message about a wrong one does not repeat it:
from Secrets, kubeconfigs, credential plugins, and parameters that are bound to Secrets or marked
secret. Hidden is whatever people and programs read: both streams, documents, events, messages in
a record. Two things leave as they are, for they are to be applied: the manifests of `render`, and
the bundles in a record.

The rule: a value is hidden in any text, in every form it may come in, when it can be told from
ordinary words. That is: it has six characters or more, a number eight; it is no word that
everybody uses, and no part of a name that this run knows (an object's, a namespace's, a key's).
All others, every `true` and `1`, are hidden in their own place only, which is for `model.masking`.
"""

import base64
import json
import re
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "<masked>"
LEAST = 6  # characters
LEAST_DIGITS = 8
LONGEST = 64 * 1024  # what is longer is known by its lines alone

_WORDS = frozenset(
    [
        *("default", "disabled", "enabled", "generic", "opaque", "kubernetes", "localhost"),
        *("password", "passwd", "username", "secret", "secrets", "private", "public"),
        *("string", "number", "integer", "boolean", "object", "production", "development"),
        *("masked", "before"),  # in our own markers
    ]
)
_SECRETIVE = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|(api|access|private|client).?key", re.IGNORECASE
)
# `password: x`, `"token": "x"`, `SECRET_KEY=x`
_ASSIGNED = re.compile(
    r"""(?<![\w.-])(?P<key>[\w.-]++)["']?"""  # a name as a whole, else long texts take for ever
    r"""\s*(?:[:=]|=>)\s*(?P<quote>["']?)(?P<value>[^\s"',;}\]]+)"""
)
_WORD = re.compile(r"[\w+/=.~-]{6,}")
# What is secret by its shape, whoever says it, and what a text has in it then.
_SHAPES = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.DOTALL),
        "-----",
    ),
    (re.compile(r"(?P<kept>\b[a-z][a-z0-9+.-]*://)[^/\s@'\"]+(?=@)"), "://"),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}(\.[\w-]*)?"), "eyJ"),
    (re.compile(r"(?P<kept>\b[Bb]earer\s+)(?=\S*\d)[\w.~+/=-]{8,}"), "earer"),
    (re.compile(r"(?P<kept>\b[Bb]asic\s+)(?=\S*\d)[\w.~+/=-]{8,}"), "asic"),
)


_Forms = tuple[list[str], list[int]]  # the longest first, and their lengths, negative


class Secrets:
    """The values that must not be seen; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._names: set[str] = set()
        self._forms: _Forms | None = None

    def learn(self, values: Iterable[object]) -> None:
        """Take note of values; what they are made of is looked into."""
        found = {part for value in values if value is not None for part in parts(_text(value))}
        with self._lock:
            if not found <= self._values:
                self._values |= found
                self._forms = None

    def name(self, words: Iterable[str]) -> None:
        """Take note of names: a value that is part of one is an ordinary word."""
        found = set(words)
        with self._lock:
            if not found <= self._names:
                self._names |= found
                self._forms = None

    def forget(self) -> None:
        """Begin a new run."""
        with self._lock:
            self._values, self._names, self._forms = set(), set(), None

    def mask(self, text: str) -> str:
        """Hide everything secret in a text."""
        for shape, sign in _SHAPES:
            if sign in text:
                text = shape.sub(_without, text)
        known, lengths = self._known()
        for form in known[bisect_left(lengths, -len(text)) :]:  # the others are longer than it
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def masked(self, value: Any) -> Any:
        """Hide everything secret in the texts of a JSON value."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.mask(key): self.masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.masked(item) for item in value]
        return value

    def _known(self) -> _Forms:
        known = self._forms
        if known is None:
            with self._lock:
                names = "\n".join(self._names)
                telling = (value for value in self._values if _telling(value, names))
                found = {form for value in telling for form in forms(value)}
                # The longest first: one secret may be a part of another.
                ordered = sorted(found, key=len, reverse=True)
                known = self._forms = ordered, [-len(form) for form in ordered]
        return known


SECRETS = Secrets()  # of this run, which is this process


def secretive(key: str) -> bool:
    """Tell a name that is given to secrets."""
    return _SECRETIVE.search(key) is not None


def assigned(text: str) -> Iterator[str]:
    """Yield what a text gives to names that secrets have: `password: x`, `TOKEN=x`."""
    yield from (value for _, value in assignments(text))


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text gives to names that secrets have, with the names."""
    for match in _ASSIGNED.finditer(text):
        if secretive(match["key"]):
            yield match["key"], match["value"]


def without_assigned(text: str) -> str:
    """Hide what a text gives to names that secrets have: for texts of which nothing is known."""

    def hide(match: re.Match[str]) -> str:
        whole, value = match[0], match["value"]
        return whole.removesuffix(value) + HIDDEN if secretive(match["key"]) else whole

    return _ASSIGNED.sub(hide, text)


def login_in(address: str) -> tuple[str, ...]:
    """Return what may be secret in an address: all before the @, and the password of it."""
    _, _, rest = address.rpartition("://")
    login, at, _ = rest.rpartition("@")
    password = login.partition(":")[2] or login
    # Where something has to be quoted and is not, an address is taken apart at the wrong places.
    return (login, password, unquote(password), *re.split("[/?#]", password)) if at else ()


def parts(value: str) -> Iterator[str]:
    """Yield a value, what its base64 stands for, its lines, and what it gives to secret names."""
    for text in (value, _out_of_base64(value)):
        stripped = text.strip()
        if not stripped:
            continue
        if len(stripped) <= LONGEST:
            yield stripped
            yield from assigned(stripped)
        if "\n" in stripped:
            yield from filter(_is_token, map(str.strip, stripped.splitlines()))


def forms(value: str) -> Iterator[str]:
    """Yield every form in which a text may hold a value."""
    folded = " ".join(value.split())
    for text in {value, folded}:
        as_json = json.dumps(text)[1:-1]
        yield from (text, as_json, json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
        yield json.dumps(as_json)[1:-1]  # a document in a document
        yield as_json.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
        yield from (quote(text), quote(text, safe=""), quote_plus(text))
    yield from _in_base64(value.encode(errors="surrogateescape"))


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield a value in base64, and what of it is in the base64 of anything it is a part of."""
    yield base64.b64encode(raw).decode()
    for shift, start in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        core = encoded[start : (shift + len(raw)) * 8 // 6]
        yield from (core, core.translate(str.maketrans("+/", "-_")))


def _out_of_base64(text: str) -> str:
    with suppress(ValueError):  # it is no base64, or no text
        return base64.b64decode("".join(text.split()), validate=True).decode()
    return ""


def _without(shape: re.Match[str]) -> str:
    return shape.groupdict().get("kept", "") + HIDDEN


def _telling(value: str, names: str) -> bool:
    """Tell a value that can be hidden wherever it occurs."""
    if len(value) < LEAST or value.lower() in _WORDS or value in names:
        return False
    return len(value) >= LEAST_DIGITS or not value.isdigit()


def _is_token(line: str) -> bool:
    """Tell a line of a key or of a token from one of prose or of a configuration."""
    return _WORD.fullmatch(line) is not None and any(map(str.isdigit, line))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
