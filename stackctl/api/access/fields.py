"""Reads the maps of a kubeconfig and says what was expected where.

What the fields mean is for `kubeconfig`.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackctl.errors import ClusterError

_NULLS = ("null", "~")  # scalars are kept as the text they are, this one too


def sound(text: str) -> bool:
    """Return whether programs and files can be given a text: no NUL, no half characters."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


@dataclass(frozen=True, slots=True)
class Fields:
    """A map of a kubeconfig; every reading says what was expected where."""

    origin: Path
    where: str
    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a text, empty when it is missing."""
        value = self.values.get(key, "")
        if isinstance(value, str) and sound(value):
            return "" if value in _NULLS else value
        raise self.wrong(key, "a text")

    def flag(self, key: str) -> bool:
        """Return a boolean, false when it is missing."""
        value = self.text(key).lower()
        if value not in ("", "true", "false"):
            raise self.wrong(key, "true or false")
        return value == "true"

    def map(self, key: str) -> "Fields":
        """Return a map, empty when it is missing."""
        value = self.values.get(key) or {}
        if value in _NULLS:
            value = {}
        if not isinstance(value, dict):
            raise self.wrong(key, "a map")
        return Fields(self.origin, f"{self.where}{key}.", value)

    def items(self, key: str) -> list[Any]:
        """Return a list, empty when it is missing."""
        value = self.values.get(key) or []
        if value in _NULLS:
            value = []
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        items = self.items(key)
        if not all(isinstance(item, str) and sound(item) for item in items):
            raise self.wrong(key, "a list of texts")
        return tuple(items)

    def maps(self, key: str) -> "Iterator[Fields]":
        """Return a list of maps."""
        for number, item in enumerate(self.items(key)):
            if not isinstance(item, dict):
                raise self.wrong(f"{key}[{number}]", "a map")
            yield Fields(self.origin, f"{self.where}{key}[{number}].", item)

    def path(self, key: str) -> str:
        """Return a file name, which is meant from the folder of the kubeconfig."""
        name = self.text(key)
        return str(self.origin.parent / name) if name else ""

    def pem(self, key: str) -> str:
        """Return what is kept as base64."""
        try:
            return base64.b64decode("".join(self.text(key).split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise self.wrong(key, "base64 of a PEM text") from error

    def wrong(self, key: str, expected: str) -> ClusterError:
        """Return an error that names the place that is wrong."""
        return ClusterError(f"{self.origin}: {self.where}{key}: expected {expected}")
