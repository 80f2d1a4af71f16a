"""What programs wrote, taken apart: the objects of a stream, and which template made each.

Read as kubectl and Helm do: of a key that is there twice, the last one counts.
"""

import re
from collections.abc import Iterator
from typing import Any

from stackctl.errors import ConfigError, RenderError
from stackctl.model.objects.kinds import Scopes, defined
from stackctl.model.objects.masking import values_of
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.secrets import SECRETS
from stackctl.sources import yaml

_SOURCE = re.compile(r"# Source: (?P<path>\S+)")


def objects_in(
    text: bytes, whose: str, namespace: str, scopes: Scopes
) -> list[tuple[str, Manifest]]:
    """Return the objects of a stream in their one spelling, each with the file that made it.

    Raises:
        RenderError: it is no YAML, or what is in it is no object; every fault is listed.
    """
    try:
        documents = yaml.load_all(text, lenient=True)
    except ConfigError as error:
        made = _templates(text)
        problems = [_placed(problem, made) for problem in error.each]
        raise RenderError.listing(f"what {whose} comes to is no YAML:", problems) from error
    templates = _templates(text)
    found: list[tuple[str, Manifest]] = []
    for document in documents:
        template = _at(templates, document.line)
        found += [(template, each) for each in flatten([document.value])]
    SECRETS.learn(values_of(each for _, each in found if isinstance(each, dict)))
    problems = [
        f"{template or 'an object'}: {problem}"
        for template, each in found
        for problem in object_problems(each, patch=True)
    ]
    if problems:
        raise RenderError.listing(f"what {whose} comes to is not right:", problems)
    known = {**scopes, **defined(each for _, each in found)}
    return [(template, normalised(each, namespace, known)) for template, each in found]


def _templates(text: bytes) -> list[tuple[int, str]]:
    """Return on which lines something begins that a template made."""
    return list(_named_lines(text))


def _named_lines(text: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.startswith(b"# Source: ") and (
            match := _SOURCE.match(line.decode(errors="replace"))
        ):
            yield number, match["path"].partition("/")[2] or match["path"]


def _at(templates: list[tuple[int, str]], line: int) -> str:
    """Return which template made a document: its name is on the line below the separator."""
    before = [name for number, name in templates if number <= line + 1]
    return before[-1] if before else ""


def _placed(problem: str, templates: list[tuple[int, str]]) -> str:
    match: Any = re.match(r"line (\d+): (.*)", problem, re.DOTALL)
    template = _at(templates, int(match[1])) if match else ""
    return f"{template}: {match[2]}" if template else problem
