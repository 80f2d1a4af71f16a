"""What a YAML parser complains of, in the words of whoever wrote the text.

A parser says what it expected; people want to know what they typed. What is not known here keeps
the parser's words.
"""

import re

_KEY = re.compile(r"(?P<indent> *)(?P<items>(?:- +)*)(?P<key>[^\s#'\"\[{][^:]*):(?:\s|$)")
_EXPECTED_KEY = "did not find expected key"
_MEANINGS = {
    "mapping values are not allowed in this context": (
        "a key inside a value: indented too far, or a text with a colon that is not quoted"
    ),
    "block sequence entries are not allowed in this context": (
        "a list that begins on the line of its key, or inside a value"
    ),
    "could not find expected ':'": "a line that is no `key: value`",
    "found unexpected end of stream": "a quote that is not closed",
    "did not find expected ',' or '}'": "a { that is not closed, or a comma left out",
    "did not find expected ',' or ']'": "a [ that is not closed, or a comma left out",
    "did not find expected '-' indicator": "expected another `- item` of the list above",
}


def unended(problem: str) -> bool:
    """Tell whether a parser came to where something should have ended long before."""
    return problem.startswith(
        ("found unexpected end", "could not find expected", "did not find expected ',' or")
    )


def explained(text: str | bytes, problem: str, line: int, column: int) -> str:
    """Say what is wrong at a place, counted from 0, of a text that is not YAML."""
    whole = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    lines = whole.splitlines()
    here = lines[line] if line < len(lines) else ""
    blank = here[: len(here) - len(here.lstrip())]
    if "\t" in blank or here[column : column + 1] == "\t":
        return "a tab: YAML is indented with blanks"
    if problem == "found character that cannot start any token":
        return f"a text that begins with {here[column : column + 1]} must be quoted"
    if problem == _EXPECTED_KEY and (fault := _misindented(lines[:line], here, len(blank))):
        return fault
    return _MEANINGS.get(problem, problem)


def _misindented(before: list[str], here: str, indent: int) -> str:
    """Say how far a line may be indented: as a key is that is open above it."""
    if _KEY.match(here) is None and not here.lstrip().startswith("-"):
        return ""
    open_keys: dict[int, str] = {}
    for line in before:
        if match := _KEY.match(line):
            column = len(match["indent"]) + len(match["items"])
            open_keys = {at: key for at, key in open_keys.items() if at < column}
            open_keys[column] = match["key"]
    outer, inner = [at for at in open_keys if at < indent], [at for at in open_keys if at > indent]
    if indent in open_keys or not inner:
        return ""
    ways = [min(inner), *([max(outer)] if outer else [])]
    expected = ", or ".join(f"{at} as {open_keys[at]}" for at in ways)
    return f"indented by {indent}: expected {expected}"
