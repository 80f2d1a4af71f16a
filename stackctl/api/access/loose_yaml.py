"""YAML as kubectl reads kubeconfigs and the answers of plugins: leniently, and one document.

The last of several values of a key counts, `<<` overrides what stands before it, other documents
are not looked at. No message repeats any part of the text, for it may be a secret. Manifests and
the files of a catalogue are read by `sources.yaml`, which is stricter.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from stackctl.model.shapes.scalars import HINTS, NOT_NUMBERS, key_text, resolve

MAX_DEPTH = 200
MAX_ALIASED = 100_000  # nodes that aliases may stand for
_QUOTED = re.compile(r"'(?![-:,?\]}]')|\"")
_CORE = "tag:yaml.org,2002:"
_READ_TAGS: dict[str, tuple[type, ...]] = {
    f"{_CORE}int": (int,),
    f"{_CORE}float": (int, float),
    f"{_CORE}bool": (bool,),
    f"{_CORE}null": (type(None),),
}


def read(content: bytes) -> Any:
    """Return what the first document says; None where there is nothing.

    Raises:
        ValueError: it is not YAML; the message says where and why.
    """
    import yaml

    builder = _Builder()
    try:
        parser = _parser()(content)
        while (event := parser.get_event()) is not None and builder.take(event):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ValueError(f"line {mark.line + 1 if mark else 1}: {_harmless(error)}") from None
    except yaml.YAMLError:
        raise ValueError("it holds what is no character in UTF-8 or UTF-16") from None
    return builder.document


@cache
def _parser() -> Callable[[bytes], Any]:
    """Choose libyaml's parser, or the slow one of a PyYAML that was built without."""
    import yaml

    try:
        from yaml import cyaml
    except ImportError:
        return yaml.SafeLoader
    parser: Callable[[bytes], Any] = vars(cyaml)["CParser"]
    return parser


def _harmless(error: Any) -> str:
    """Return the parser's own words, unless they quote more of the text than a sign."""
    words = str(error.problem or error.context or "")
    return "this is not YAML" if _QUOTED.search(words) else words


@dataclass(slots=True)
class _Frame:
    """A collection being filled."""

    value: Any
    anchor: str | None
    nodes: int  # seen before it began
    key: str | None = None
    merging: bool = False  # the key was `<<`


@dataclass(slots=True)
class _Builder:
    """Turns the events of one document into its value, without recursion."""

    document: Any = None
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    nodes: int = 0
    aliased: int = 0

    def take(self, event: Any) -> bool:
        """Take the next event in; false when the document has ended."""
        kind = type(event).__name__
        if kind == "DocumentEndEvent":
            return False
        if kind == "DocumentStartEvent" and event.version not in (None, (1, 1)):
            raise _wrong(event, "a version of YAML that kubectl does not read")
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, {} if kind == "MappingStartEvent" else [])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            frame = self.stack.pop()
            if frame.anchor:
                self.anchors[frame.anchor] = (frame.value, self.nodes - frame.nodes)
            self._place(frame.value, event)
        return True

    def _begin(self, event: Any, value: Any) -> None:
        self.nodes += 1
        if self._wants_key:
            raise _wrong(event, "a key must be a text")
        if event.anchor:
            self.anchors.pop(event.anchor, None)  # until it ends: nothing holds itself
        self.stack.append(_Frame(value, event.anchor, self.nodes - 1))
        if len(self.stack) > MAX_DEPTH:
            raise _wrong(event, f"nested deeper than {MAX_DEPTH}")

    @property
    def _wants_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and isinstance(top.value, dict) and top.key is None

    def _scalar(self, event: Any) -> None:
        self.nodes += 1
        if self._wants_key and event.value == "<<" and _may_merge(event):
            self.stack[-1].key, self.stack[-1].merging = "<<", True
            return
        value = _value(event)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._place(value, event)

    def _alias(self, event: Any) -> None:
        value, nodes = self.anchors.get(event.anchor, (None, 0))
        if not nodes:
            raise _wrong(event, "an alias that names no anchor before it")
        self.nodes += nodes
        self.aliased += nodes
        if self.aliased > MAX_ALIASED:
            raise _wrong(event, "aliases stand for too much")
        if self.stack and self.stack[-1].merging and not isinstance(value, dict):
            raise _wrong(event, "<< merges maps")
        self._place(value, event)

    def _place(self, value: Any, event: Any) -> None:
        """Put a value where the enclosing collection waits for one."""
        if not self.stack:
            self.document = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            top.key = _key(value, event)
        else:
            if top.merging:
                _merge(top.value, value, event)
            else:
                top.value[top.key] = value
            top.key, top.merging = None, False


def _may_merge(event: Any) -> bool:
    return bool(event.implicit[0]) or event.tag == f"{_CORE}merge"


def _merge(into: dict[str, Any], value: Any, event: Any) -> None:
    maps = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in maps):
        raise _wrong(event, "<< merges maps")
    for each in reversed(maps):  # the first of them has the last word
        into.update(each)


def _key(value: Any, event: Any) -> str:
    if isinstance(value, dict | list):
        raise _wrong(event, "a key must be a text")
    try:
        return key_text(value)
    except ValueError:
        raise _wrong(event, "a key must not be empty") from None


def _value(event: Any) -> Any:
    text: str = event.value
    if event.implicit[0]:
        return _resolved(text, event)
    tag = event.tag
    if tag == f"{_CORE}binary":
        try:
            return base64.b64decode(text.replace("\n", ""), validate=True).decode()
        except (binascii.Error, ValueError):
            raise _wrong(event, "!!binary that is not base64 of a text") from None
    if tag not in _READ_TAGS:
        return text
    value = _resolved(text, event)
    if not isinstance(value, _READ_TAGS[tag]) or (isinstance(value, bool) and "bool" not in tag):
        raise _wrong(event, "a value that is not what its tag says")
    return value


def _resolved(text: str, event: Any) -> Any:
    if text and text[0] not in HINTS:
        return text
    if text in NOT_NUMBERS:
        raise _wrong(event, "a number that JSON does not know")
    return resolve(text)


def _wrong(event: Any, what: str) -> ValueError:
    line = event.start_mark.line + 1 if event.start_mark else 1
    return ValueError(f"line {line}: {what}")
