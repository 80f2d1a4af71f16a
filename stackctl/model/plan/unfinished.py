"""Values that nobody meant to deploy: `CHANGEME`, and passwords that everybody knows.

Objects are looked through as they would be applied, whoever wrote the value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import DEFINITION, SECRET, kind_of
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.objects.secret_data import texts_of
from stackctl.secrets import assignments, secretive

_STAND_IN = re.compile(
    r"<?(?:change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this)|fix[-_ ]?me|fill[-_ ]?(?:me[-_ ]?)?in"
    r"|(?:insert[-_ ])?your[-_ ][\w -]*(?:password|secret|token|key)(?:[-_ ]here)?)[!.]*>?",
    re.IGNORECASE,
)
_HINT = re.compile(r"change|replace|fix|fill|your", re.IGNORECASE)  # a word of each of these
# What programs come with, and what everybody tries first.
_KNOWN = frozenset(
    [
        *("admin", "admin123", "changeit", "guest", "letmein", "minio123", "minioadmin"),
        *("passw0rd", "password", "postgres", "prom-operator", "root", "secret", "test"),
        *("123456", "12345678", "123456789"),
    ]
)
# Where something secret is, not what it is.
_ABOUT = re.compile(r"(name|file|path|ref|type|url)$", re.IGNORECASE)
_WELL_KNOWN = "a password that everybody knows"
_UNSET = "stands for a value that nobody has set"
Found = tuple[paths.Path, str]


def unfinished(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield every such value with its object and path; none of the values is repeated."""
    for manifest in manifests:
        if kind_of(manifest) == DEFINITION:
            continue
        ref, secret = ref_of(manifest), kind_of(manifest) == SECRET
        found = _in_secret(manifest) if secret else _in_object(manifest, ())
        for path, what in found:
            yield f"{ref}: {paths.show(path)}: {what}"


def unfinished_credentials(given: Mapping[str, str]) -> Iterator[str]:
    """Yield the credentials that somebody has given such a value, by component.parameter."""
    for name, value in given.items():
        if value.strip().lower() in _KNOWN:
            yield f"{name}: {_WELL_KNOWN}"
        elif _STAND_IN.fullmatch(value.strip()):
            yield f"{name}: {_UNSET}"


def _in_secret(secret: Manifest) -> Iterator[Found]:
    for key, text in texts_of(secret).items():
        yield from _in_text(("data", key), key, text)


def _in_object(value: Any, at: paths.Path) -> Iterator[Found]:
    """Go through what holds other things; hardly a text in it is looked at twice."""
    named = isinstance(value, dict) and isinstance(value.get("name"), str)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from _in_object(item, (*at, key))
        elif not isinstance(item, str):
            continue
        elif named and key == "value":  # a variable of a container
            yield from _in_text((*at, key), value["name"], item)
        elif _HINT.search(item):
            yield from _stand_ins((*at, key), item)


def _in_text(at: paths.Path, key: str, text: str) -> Iterator[Found]:
    """Look at what has a name: a key of a Secret, a variable."""
    if secretive(key) and not _ABOUT.search(key) and text.strip().lower() in _KNOWN:
        yield at, _WELL_KNOWN
    else:
        yield from _stand_ins(at, text)


def _stand_ins(at: paths.Path, text: str) -> Iterator[Found]:
    if _STAND_IN.fullmatch(text.strip()):
        yield at, _UNSET
        return
    for key, value in assignments(text):
        if _STAND_IN.fullmatch(value):
            yield at, f"{key} stands for a value that nobody has set"
