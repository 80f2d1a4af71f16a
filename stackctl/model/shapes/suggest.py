"""Which known name somebody meant by one that is not known."""

from collections.abc import Iterable

_ALIKE = 0.6
_SHORTEST_PART = 3


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean x?" for the nearest known name, or nothing."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the name that the fewest slips of a hand are away, else the only one with the word.

    Of names as near as each other it is the one of the same length: a letter mistaken is likelier
    than one left out.
    """
    from difflib import get_close_matches

    names = list(dict.fromkeys(known))
    folded = {name: name.casefold() for name in names}
    word = word.casefold()
    close = set(get_close_matches(word, folded.values(), n=len(names) or 1, cutoff=_ALIKE))
    alike = [name for name in names if folded[name] in close]
    if alike:
        return min(alike, key=lambda name: _distance(word, folded[name]))
    parts = [name for name in names if len(word) >= _SHORTEST_PART and word in folded[name]]
    return parts[0] if len(parts) == 1 else ""


def _distance(one: str, other: str) -> tuple[int, int]:
    return _slips(one, other), abs(len(one) - len(other))


def _slips(one: str, other: str) -> int:
    """Count letters mistaken, left out, put in, or changed for their neighbours."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        further = [i]
        for j, theirs in enumerate(other, start=1):
            least = min(row[j] + 1, further[j - 1] + 1, row[j - 1] + (letter != theirs))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == theirs
            further.append(min(least, before[j - 2] + 1) if swapped else least)
        before, row = row, further
    return row[-1]
