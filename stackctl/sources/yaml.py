"""YAML as kubectl reads it: text in, JSON values out, with the line of every field if wanted.

Stricter than kubectl where kubectl loses something silently: duplicate keys, infinities and
unknown tags are refused, aliases and depth are bounded. Built on libyaml's events, which takes a
third of the time of PyYAML's own loader. What a scalar means is `scalars`' part, writing
`yamltext`'s, and this is the only module that knows PyYAML.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import yaml as pyyaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from stackctl.errors import ConfigError
from stackctl.model.shapes.scalars import HINTS, key_text, resolve
from stackctl.sources import json_stream

Path = tuple[str | int, ...]

MAX_DEPTH = 200
MAX_ALIASED = 100_000  # nodes that aliases may stand for, in one file
LETTERS_A_NODE = 20  # a long text counts as several
_MARKS = re.compile(r"(\A|^---[^\n]*\n)\ufeff+", re.MULTILINE)
_MARK_BYTES = re.compile(rb"(\A|^---[^\n]*\n)(?:\xef\xbb\xbf)+", re.MULTILINE)
_TAGS: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_COLLECTION_TAGS = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class Document(NamedTuple):
    """One document: its value, the line it begins on, and the line of each path if asked for."""

    value: Any
    line: int
    lines: Mapping[Path, int]


def dump(value: Any) -> str:
    """Write one document that kubectl, and everybody else, reads back the same.

    Raises:
        ValueError: a number is infinite or none.
    """
    from stackctl.sources import yamltext

    return yamltext.dump(value)


def load(text: str | bytes, name: str = "") -> Any:
    """Read a text that holds one document; an empty one is None.

    Raises:
        ConfigError: the text is not YAML we accept; every problem as `name:line: what`.
    """
    documents = load_all(text, name)
    if len(documents) > 1:
        raise ConfigError(f"{_at(name, documents[1].line)}expected one document, found several")
    return documents[0].value if documents else None


def load_all(
    text: str | bytes, name: str = "", *, positions: bool = False, lenient: bool = False
) -> list[Document]:
    """Read every document of a text, leaving out empty ones.

    Where it is `lenient`, the last one counts of keys that are there twice.

    Raises:
        ConfigError: the text is not YAML we accept; every problem as `name:line: what`.
    """
    text = _without_marks(text)
    builder = _Builder(positions=positions, lenient=lenient)
    problems = builder.problems
    try:
        builder.build(_parser()(text).get_event)
    except _Refused as error:
        problems.append((error.line, str(error)))
    except pyyaml.MarkedYAMLError as error:
        problems.append(_complaint(text, error))
    except pyyaml.YAMLError as error:
        problems.append((_line_of(text, error), str(error).splitlines()[0]))
    if not problems:
        return builder.documents
    if (documents := _json(text)) is not None:
        return documents
    raise ConfigError.listing(
        f"{name or 'the text'} is not YAML that can be used:",
        [f"{_at(name, line)}{what}" for line, what in problems],
    )


def _without_marks(text: str | bytes) -> str | bytes:
    """Drop byte order marks where a document begins: files put together have several."""
    if isinstance(text, str):
        return _MARKS.sub(r"\1", text) if "\ufeff" in text else text
    return _MARK_BYTES.sub(rb"\1", text) if b"\xef\xbb\xbf" in text else text


def _json(text: str | bytes) -> list[Document] | None:
    """Read what is JSON and no YAML; None for everything else."""
    with suppress(ValueError, RecursionError):
        letters = text if isinstance(text, str) else text.decode()
        if json_stream.may_be(letters):
            found = json_stream.read(letters)
            return [Document(value, line, {(): line}) for value, line in found]
    return None


def _at(name: str, line: int) -> str:
    return f"{name}:{line}: " if name else f"line {line}: "


def _complaint(text: str | bytes, error: pyyaml.MarkedYAMLError) -> tuple[int, str]:
    """Say where the parser stumbled, and over what."""
    from stackctl.sources.yaml_faults import explained, unended

    mark, what = error.problem_mark or error.context_mark, str(error.problem or error.context)
    if mark is None:
        return 1, what
    # What is not ended began somewhere, and there it is mended.
    start = error.context_mark if unended(what) and error.context_mark else mark
    return start.line + 1, explained(text, what, mark.line, mark.column)


def _line_of(text: str | bytes, error: pyyaml.YAMLError) -> int:
    """Find the line of a reader's error, which only knows a position."""
    before = text[: getattr(error, "position", 0) or 0]
    return 1 + (before.count("\n") if isinstance(before, str) else before.count(b"\n"))


@cache
def _parser() -> Callable[[str | bytes], Any]:
    """Choose libyaml's parser, or the slow one of a PyYAML that was built without."""
    try:
        from yaml import cyaml
    except ImportError:
        return pyyaml.SafeLoader
    parser: Callable[[str | bytes], Any] = vars(cyaml)["CParser"]
    return parser


class _Refused(Exception):
    """YAML that we do not go on reading."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class _Missing:
    """No key seen yet, or the merge key."""


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


_NO_KEY: Any = _Missing()
_MERGE: Any = _Missing()


class _Frame:
    """A collection being filled."""

    __slots__ = ("anchor", "key", "merges", "nodes", "path", "value")

    def __init__(self, value: Any, path: Path, anchor: str | None, nodes: int) -> None:
        self.value = value
        self.path = path
        self.anchor = anchor
        self.nodes = nodes  # seen before it began
        self.key: Any = _NO_KEY
        self.merges: list[Any] | None = None


class _Builder:
    """Turns events into values, without recursion."""

    def __init__(self, *, positions: bool, lenient: bool) -> None:
        self.positions = positions
        self.lenient = lenient
        self.documents: list[Document] = []
        self.problems: list[tuple[int, str]] = []
        self._on: dict[type[Event], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._begin_map,
            SequenceStartEvent: self._begin_list,
            MappingEndEvent: self._end_map,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._begin_document,
            DocumentEndEvent: self._end_document,
        }

    def build(self, next_event: Callable[[], Event | None]) -> None:
        """Read until the end of the stream."""
        on = self._on
        while (event := next_event()) is not None:
            if act := on.get(type(event)):
                act(event)

    # documents

    def _begin_document(self, event: Event) -> None:
        self.stack: list[_Frame] = []
        self.top: _Frame = _Frame([], (), None, 0)
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        self.aliased = 0
        self.line = _line(event)
        self.lines: dict[Path, int] = {}

    def _end_document(self, _: Event) -> None:
        value = self.top.value[0]
        if value is not None:
            self.documents.append(Document(value, self.line, self.lines))

    # values

    def _scalar(self, event: ScalarEvent) -> None:
        self.nodes += 1
        text: str = event.value
        value: Any = text
        if event.implicit[0]:
            if not text or text[0] in HINTS:
                value = self._resolve(text, event)
            elif text == "<<" and type(self.top.value) is dict and self.top.key is _NO_KEY:
                self.top.key = _MERGE
                return
        elif event.tag is not None and event.tag not in _TEXT_TAGS:
            value = self._tagged(text, event)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1 + len(text) // LETTERS_A_NODE)
        top = self.top
        if top.key is _NO_KEY or top.key is _MERGE:
            self._place(value, event)
        else:
            top.value[top.key] = value
            top.key = _NO_KEY

    def _resolve(self, text: str, event: Event) -> Any:
        try:
            return resolve(text)
        except ValueError as error:
            self._problem(event, str(error))
            return text

    def _tagged(self, text: str, event: ScalarEvent) -> Any:
        value = self._resolve(text, event)
        if not isinstance(value, _TAGS.get(str(event.tag), ())):
            self._problem(event, f"the tag {event.tag} is not one that JSON has a value for")
        return value

    def _place(self, value: Any, event: Event) -> None:
        """Put a value where the enclosing collection waits for one."""
        top = self.top
        if type(top.value) is list:
            if self.positions and self.stack:
                self.lines.setdefault((*top.path, len(top.value)), _line(event))
            top.value.append(value)
        elif top.key is _NO_KEY:
            top.key = self._key(value, event)
        elif top.key is _MERGE:
            self._merge(value, event)
        else:
            top.value[top.key] = value
            top.key = _NO_KEY

    def _key(self, value: Any, event: Event) -> str:
        if type(value) is not str:
            try:
                value = key_text(value)
            except ValueError as error:
                self._problem(event, str(error))
                value = ""
        top = self.top
        if value in top.value and not self.lenient:
            self._problem(event, f'the key "{value}" is there twice')
        if self.positions:
            self.lines[(*top.path, value)] = _line(event)
        return value  # type: ignore[no-any-return]

    def _merge(self, value: Any, event: Event) -> None:
        self.top.key = _NO_KEY
        maps = value if isinstance(value, list) else [value]
        if all(isinstance(item, dict) for item in maps):
            self.top.merges = [*(self.top.merges or ()), *maps]
        else:
            self._problem(event, "<< merges maps, found something else")

    # collections

    def _begin_map(self, event: MappingStartEvent) -> None:
        self._begin(event, {})

    def _begin_list(self, event: SequenceStartEvent) -> None:
        self._begin(event, [])

    def _begin(self, event: MappingStartEvent | SequenceStartEvent, value: Any) -> None:
        if event.tag not in _COLLECTION_TAGS:
            self._problem(event, f"the tag {event.tag} is not one that JSON has a value for")
        top = self.top
        if type(top.value) is dict and top.key is _NO_KEY:
            raise _Refused(_line(event), "a key must be a text")
        path = top.path
        if self.positions:
            path = self._path(top)
            self.lines.setdefault(path, _line(event))
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        self.stack.append(top)
        if len(self.stack) > MAX_DEPTH:
            raise _Refused(_line(event), f"nested deeper than {MAX_DEPTH}")
        self.top = _Frame(value, path, event.anchor, self.nodes)
        self.nodes += 1

    def _path(self, top: _Frame) -> Path:
        """Return where the value that comes next belongs."""
        if not self.stack:
            return ()
        if type(top.value) is list:
            return (*top.path, len(top.value))
        return (*top.path, "<<" if top.key is _MERGE else top.key)

    def _end_map(self, event: Event) -> None:
        frame = self.top
        for merged in frame.merges or ():
            for key, value in merged.items():
                frame.value.setdefault(key, value)
        self._end(event)

    def _end(self, event: Event) -> None:
        frame = self.top
        self.top = self.stack.pop()
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.value, self.nodes - frame.nodes)
        self._place(frame.value, event)

    def _alias(self, event: AliasEvent) -> None:
        value, nodes = self.anchors.get(str(event.anchor), (None, 0))
        if not nodes:
            raise _Refused(_line(event), f"*{event.anchor} names no anchor before it")
        self.nodes += nodes
        self.aliased += nodes
        if self.aliased > MAX_ALIASED:
            raise _Refused(_line(event), "aliases stand for too much")
        self._place(value, event)

    def _problem(self, event: Event, what: str) -> None:
        self.problems.append((_line(event), what))
