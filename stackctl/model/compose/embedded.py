"""Values inside documents that ConfigMaps and Secrets keep as texts: YAML, INI, XML and so on.

YAML and JSON are read, changed and written again; in the others only the value changes. Of XML it
is what Hadoop and its relatives are configured with: properties, each with a name and a value.
How YAML is read is given by the caller, for this is a pure module.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stackctl.model.catalogue.parameters import text_of
from stackctl.model.objects import paths
from stackctl.model.shapes import json_text


@dataclass(frozen=True, slots=True)
class Codec:
    """How a text becomes a value, and a value a text."""

    load: Callable[[str], Any]
    dump: Callable[[Any], str]


class Format(Protocol):
    """Reads and changes one value of a document."""

    def read(self, text: str, path: str) -> Any:
        """Return the value at a path, or `MISSING`."""

    def write(self, text: str, path: str, value: Any) -> str:
        """Return the document with another value at the path."""


Formats = Mapping[str, Format]


def formats(yaml: Codec) -> Formats:
    """Return every format by its name, which is also the suffix of its keys."""
    return {
        "yaml": Tree(yaml.load, lambda value, _: yaml.dump(value)),
        "json": Tree(json_text.read, _json),
        "ini": Entries(sections=True),
        "properties": Entries(sections=False),
        "xml": Properties(),
    }


def format_name(key: str) -> str:
    """Tell a document's format from the suffix of its key; empty where there is none."""
    suffix = key.rpartition(".")[2].lower()
    return "yaml" if suffix == "yml" else suffix if "." in key else ""


@dataclass(frozen=True, slots=True)
class Tree:
    """A document that is a tree of values."""

    load: Callable[[str], Any]
    dump: Callable[[Any, str], str]  # the new value, the old text

    def read(self, text: str, path: str) -> Any:
        """Return the value at a path, or `MISSING`."""
        return paths.get(self.load(text), paths.parse(path))

    def write(self, text: str, path: str, value: Any) -> str:
        """Return the document with another value at the path."""
        return self.dump(paths.put(self.load(text) or {}, paths.parse(path), value), text)


def _json(value: Any, old: str) -> str:
    """Write JSON indented as it was."""
    indent = re.search(r"\n( +)\S", old)
    text = json.dumps(value, indent=len(indent[1]) if indent else None, ensure_ascii=False)
    return text + old[len(old.rstrip()) :]


@dataclass(frozen=True, slots=True)
class Entries:
    """A document of `key = value` lines, in sections or not; comments are kept."""

    sections: bool

    def read(self, text: str, path: str) -> Any:
        """Return the value at a path, or `MISSING`."""
        section, key = self._split(path)
        for _, match in self._entries(text, section):
            if match["key"] == key:
                return match["value"].rstrip()
        return paths.MISSING

    def write(self, text: str, path: str, value: Any) -> str:
        """Return the document with another value at the path."""
        section, key = self._split(path)
        lines = text.splitlines()
        last = -1
        for last, match in self._entries(text, section):
            if match["key"] == key:
                lines[last] = match["head"] + text_of(value)
                return "\n".join(lines) + "\n"
        entry = f"{key} = {text_of(value)}" if self.sections else f"{key}={text_of(value)}"
        return "\n".join(self._added(lines, section, entry, last)) + "\n"

    def _split(self, path: str) -> tuple[str, str]:
        """Tell section and key apart; keys, and those of properties altogether, have dots."""
        if not self.sections:
            return "", path
        steps = [str(step) for step in paths.parse(path)]
        return (steps[0], ".".join(steps[1:])) if len(steps) > 1 else ("", steps[0])

    def _entries(self, text: str, section: str) -> Iterator[tuple[int, re.Match[str]]]:
        """Yield the lines of a section that say something."""
        here = ""
        for number, line in enumerate(text.splitlines()):
            if self.sections and (head := re.fullmatch(r"\s*\[(.*)\]\s*", line)):
                here = head[1].strip()
            elif here == section and (match := _ENTRY.fullmatch(line)):
                yield number, match

    def _added(self, lines: list[str], section: str, entry: str, last: int) -> list[str]:
        if last >= 0:
            return [*lines[: last + 1], entry, *lines[last + 1 :]]
        if not section:
            return [entry, *lines] if self.sections else [*lines, entry]
        header = f"[{section}]"
        if header in (stripped := [line.strip() for line in lines]):
            at = stripped.index(header) + 1
            return [*lines[:at], entry, *lines[at:]]
        return [*lines, header, entry]


_ENTRY = re.compile(
    r"(?P<head>\s*(?P<key>[^#!;\s=:][^\s=:]*)(?:\s*[=:]\s*|\s+))(?P<value>(?:\S.*)?)"
)


@dataclass(frozen=True, slots=True)
class Properties:
    """A document of `<property><name>…</name><value>…</value></property>`; comments are kept."""

    def read(self, text: str, path: str) -> Any:
        """Return the value at a path, or `MISSING`."""
        found = _value_of(text, path)
        return paths.MISSING if found is None else _read_xml(found[1].strip())

    def write(self, text: str, path: str, value: Any) -> str:
        """Return the document with another value at the path.

        Raises:
            ValueError: there is no such property, and no configuration to add it to.
        """
        new = _written_xml(text_of(value))
        if found := _value_of(text, path):
            return text[: found.start(1)] + new + text[found.end(1) :]
        end = _without_comments(text).rfind("</configuration>")
        if end < 0:
            raise ValueError("it has no <configuration> of <property>s")
        name = f"<name>{_written_xml(path)}</name>"
        return f"{text[:end]}  <property>{name}<value>{new}</value></property>\n{text[end:]}"


def _read_xml(text: str) -> str:
    import html  # its thousands of names are for the few who keep XML

    return html.unescape(text)


def _written_xml(text: str) -> str:
    import html

    return html.escape(text, quote=False)


def _value_of(text: str, name: str) -> re.Match[str] | None:
    """Find the value of a property, its group 1; the last one of a name counts, as for Hadoop."""
    seen = _without_comments(text)
    found = None
    for start, end in _spans(seen, "<property>", "</property>"):
        said = _NAME.search(seen, start, end)
        if said and _read_xml(said[1].strip()) == name:
            found = _VALUE.search(seen, start, end)
    return found


def _without_comments(text: str) -> str:
    """Blank comments out, everything else staying where it is."""
    parts, last = [], 0
    for start, end in _spans(text, "<!--", "-->"):
        parts += [text[last:start], " " * (end - start)]
        last = end
    return "".join([*parts, text[last:]])


def _spans(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """Yield where things begin and end that are opened and closed."""
    end = 0
    while (start := text.find(opening, end)) >= 0:
        closed = text.find(closing, start)
        if closed < 0:
            return
        end = closed + len(closing)
        yield start, end


_NAME = re.compile(r"<name>([^<]*)</name>")
_VALUE = re.compile(r"<value>([^<]*)</value>")
