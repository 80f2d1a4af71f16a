"""Patterns that texts must match, in time that grows with the text and no faster.

Python's own engine goes back and tries again, for ever where a pattern and a text are chosen so.
Here every way is followed at once, as Go and the API server do it, and what cannot be matched so
(back references, looking around) is refused as there. What a single letter must be is left to `re`.
"""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

MOST_STATES = 2000
MOST_LETTERS = 4096  # no setting that has a pattern is longer
MOST_DEPTH = 50
_ATOM = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]"  # a set
    r"|\\(?:[dDwWsSnrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])"
    r"|[^\\\[\]()|*+?^${]",
    re.DOTALL,
)
_TIMES = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>\d{1,4})(?P<comma>,(?P<most>\d{1,4})?)?\})\??")
_GROUP = re.compile(r"\((?:\?:|\?P?<\w+>|(?!\?))")


class PatternError(ValueError):
    """A text is no pattern, or one that cannot be matched in bounded time."""


@dataclass(slots=True)
class _State:
    """A place in a pattern: goes on without a letter (`ways`), or with one that fits."""

    fits: re.Pattern[str] | None = None
    edge: str = ""  # ^ or $, which hold at one end of the text
    ways: list[int] = field(default_factory=list)


def matches(pattern: str, text: str) -> bool:
    """Tell whether a whole text is as a pattern says.

    Raises:
        PatternError: the pattern is none.
    """
    if len(text) > MOST_LETTERS:
        return False
    states, end = compiled(pattern)
    here = _reached(states, [0], at_start=True, at_end=not text)
    for index, letter in enumerate(text, start=1):
        went = (way for each in here if _takes(states[each], letter) for way in states[each].ways)
        here = _reached(states, went, at_start=False, at_end=index == len(text))
        if not here:
            return False
    return end in here


def _takes(state: _State, letter: str) -> bool:
    return state.fits is not None and state.fits.fullmatch(letter) is not None


def _reached(
    states: list[_State], begin: Iterable[int], *, at_start: bool, at_end: bool
) -> set[int]:
    """Follow every way that needs no letter."""
    seen: set[int] = set()
    open_ = list(begin)
    while open_:
        number = open_.pop()
        state = states[number]
        if number in seen or (state.edge == "^" and not at_start):
            continue
        if state.edge == "$" and not at_end:
            continue
        seen.add(number)
        if state.fits is None:
            open_ += state.ways
    return seen


@lru_cache(maxsize=256)
def compiled(pattern: str) -> tuple[list[_State], int]:
    """Read a pattern; return its states, which begin with the first, and the one at its end.

    Raises:
        PatternError: it is none, with the place where it goes wrong.
    """
    reader = _Reader(pattern)
    begin, end = reader.choice(0)
    if reader.at < len(pattern):
        raise reader.wrong("a ) without a (")
    reader.states[0].ways = [begin]
    return reader.states, end


class _Reader:
    """Turns a pattern into states; each method reads a part and returns its first and last one."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.states = [_State()]

    def choice(self, depth: int) -> tuple[int, int]:
        """Read `a|b|c`."""
        if depth > MOST_DEPTH:
            raise self.wrong(f"groups in groups deeper than {MOST_DEPTH}")
        begin, end = self._state(), self._state()
        while True:
            first, last = self._sequence(depth)
            self.states[begin].ways.append(first)
            self.states[last].ways.append(end)
            if not self._next("|"):
                return begin, end

    def wrong(self, what: str) -> PatternError:
        """Return what is wrong with the pattern, and where."""
        return PatternError(f"no pattern that can be matched: {what} at position {self.at}")

    def _sequence(self, depth: int) -> tuple[int, int]:
        begin = end = self._state()
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            first, last = self._repeated(depth)
            self.states[end].ways.append(first)
            end = last
        return begin, end

    def _repeated(self, depth: int) -> tuple[int, int]:
        start = self.at
        first, last = self._single(depth)
        times = _TIMES.match(self.pattern, self.at)
        if times is None:
            return first, last
        finish = times.end()
        least, most = _bounds(times)
        if most is not None and most < least:
            raise self.wrong("a repetition of more than at most")
        begin = end = self._state()
        for number in range(max(least, 1 if most is None else most)):
            if number:
                self.at = start
                first, last = self._single(depth)
            self.states[end].ways.append(first)
            if number >= least:
                self._skip(end, last)
            end = last
        self.at = finish
        if most is None:
            after = self._state()
            self.states[end].ways += [first, after]
            if not least:
                self.states[begin].ways.append(after)
            end = after
        if _TIMES.match(self.pattern, self.at):
            raise self.wrong("a repetition of a repetition")
        return begin, end

    def _skip(self, begin: int, end: int) -> None:
        self.states[begin].ways.append(end)

    def _single(self, depth: int) -> tuple[int, int]:
        """Read a letter, a set, an edge or a group."""
        if group := _GROUP.match(self.pattern, self.at):
            self.at = group.end()
            found = self.choice(depth + 1)
            if not self._next(")"):
                raise self.wrong("a ( without a )")
            return found
        if self.pattern[self.at] in "^$":
            edge = self._state(edge=self.pattern[self.at])
            self.at += 1
            return edge, edge
        atom = _ATOM.match(self.pattern, self.at)
        if atom is None:
            raise self.wrong(f"{self.pattern[self.at : self.at + 3]}, which is not known")
        fits = self._letter(atom[0])
        self.at = atom.end()
        begin, end = self._state(fits=fits), self._state()
        self.states[begin].ways.append(end)
        return begin, end

    def _letter(self, atom: str) -> re.Pattern[str]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # [[ is a set with a [ here
                return re.compile(atom)
        except re.error as error:
            raise self.wrong(str(error)) from error

    def _state(self, fits: re.Pattern[str] | None = None, edge: str = "") -> int:
        if len(self.states) == MOST_STATES:
            raise self.wrong("too many repetitions")
        self.states.append(_State(fits, edge))
        return len(self.states) - 1

    def _next(self, letter: str) -> bool:
        found = self.pattern.startswith(letter, self.at)
        self.at += found
        return found


def _bounds(times: re.Match[str]) -> tuple[int, int | None]:
    """Read how often: at least, and at most if there is an end."""
    if sign := times["sign"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
    least = int(times["least"])
    if not times["comma"]:
        return least, least
    return least, int(times["most"]) if times["most"] else None
