"""Reads published checksums, in each of the forms that releases publish them."""

import json
import re

_SHA256 = re.compile(r"[0-9a-f]{64}")


def published_digest(text: str, file: str) -> str | None:
    """Find the SHA-256 of a file, or None where the text does not say it.

    Understood are a bare digest, the lines of `sha256sum`, and GitHub's description of a release.
    """
    if text.lstrip().startswith("{"):
        return _in_release(text, file)
    for line in text.splitlines():
        digest, _, name = line.strip().partition(" ")
        # sha256sum puts a star before the names of files it read as binary.
        if name.strip().lstrip("*") in ("", file) and _SHA256.fullmatch(digest.lower()):
            return digest.lower()
    return None


def _in_release(text: str, file: str) -> str | None:
    try:
        assets = json.loads(text).get("assets", [])
    except ValueError:
        return None
    for asset in assets:
        algorithm, _, digest = str(asset.get("digest")).partition(":")
        if asset.get("name") == file and algorithm == "sha256" and _SHA256.fullmatch(digest):
            return digest
    return None
