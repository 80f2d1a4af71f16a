"""Finds certificates and keys in bytes, as kubectl does: whatever stands around them is left out.

What they are used for is for `transport`.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

_END = re.compile(rb"\n-----END ([^\n]*?)-----[ \t\r]*(?=\n|\Z)")
_BEGIN = re.compile(rb"(?:\A|(?<=\n))-----BEGIN ([^\n]*?)-----[ \t\r]*(?=\n|\Z)")
_KEYS = ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")


class Block(NamedTuple):
    """One PEM block."""

    kind: str
    content: bytes
    headed: bool  # there are headers in it: it is encrypted, or not what it seems

    def __str__(self) -> str:
        """Write it in ASCII, and nothing else."""
        body = base64.encodebytes(self.content).decode()
        return f"-----BEGIN {self.kind}-----\n{body}-----END {self.kind}-----\n"


def certificates(content: bytes) -> list[Block]:
    """Return the certificates, those of authorities and of clients alike."""
    return [block for block in blocks(content) if block.kind == "CERTIFICATE"]


def private_keys(content: bytes) -> list[Block]:
    """Return the first key, as what it says it is and then as what else it may be."""
    found = (block for block in blocks(content) if f" {block.kind}".endswith(" PRIVATE KEY"))
    key = next(found, None)
    return [] if key is None else [key, *(key._replace(kind=kind) for kind in _KEYS)]


def blocks(content: bytes) -> Iterator[Block]:
    """Yield every block that is complete, in order."""
    start = 0
    for end in _END.finditer(content):
        # Of several beginnings before an end, the last is meant.
        begin = next(reversed([*_BEGIN.finditer(content, start, end.start() + 1)]), None)
        start = end.end()
        if begin is not None and begin[1] == end[1]:
            block = _block(begin[1], content[begin.end() : end.start()])
            if block is not None:
                yield block


def _block(kind: bytes, inside: bytes) -> Block | None:
    lines = inside.splitlines()[1:] if inside.startswith(b"\n") else inside.splitlines()
    count = next((number for number, line in enumerate(lines) if b":" not in line), len(lines))
    try:
        text = b"".join(b"".join(lines[count:]).split())
        return Block(kind.decode("ascii"), binascii.a2b_base64(text, strict_mode=True), count > 0)
    except ValueError:
        return None
