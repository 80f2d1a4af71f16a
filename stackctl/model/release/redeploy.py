"""The command that applies again what a revision applied, as far as its record tells."""

import shlex
from collections.abc import Iterable, Iterator

from stackctl.model.release.release import Release

_WITH_A_VALUE = frozenset({"--profile", "-f", "--catalog"})


def redeploy(release: Release, take_over: Iterable[str] = ()) -> str:
    """Return what to type; an upgrade keeps what `--set` said, a deploy does not.

    `take_over` names who holds fields so that it is refused otherwise.
    """
    words = _words(release.command)
    taking = [word for manager in sorted(take_over) for word in ("--take-over", manager)]
    home = [] if release.stack.administrators else ["--record-namespace", release.stack.namespace]
    if words[:1] == ["rollback"] and words[1:]:
        back = ["stackctl", "rollback", words[1], "--stack", release.stack.name]
        return shlex.join([*back, *home, *taking])
    if words[:1] == ["smoke"]:
        return shlex.join(["stackctl", *words])  # whatever it is, no command of a shell
    verb = "upgrade" if release.sets else "deploy"
    kept = list(_pairs(words))
    if not any(word in ("--profile", "-f") for word in kept):
        kept = ["--profile", release.profile, *kept]
    named = "-f" in kept or (verb == "deploy" and release.stack.name == release.profile)
    stack = [] if named else ["--stack", release.stack.name]
    return shlex.join(["stackctl", verb, *kept, *stack, *home, *taking])


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # not what was written
        return []


def _pairs(words: Iterable[str]) -> Iterator[str]:
    """Keep what says which files and which profile."""
    following = iter(words)
    for word in following:
        if word in _WITH_A_VALUE and (value := next(following, "")):
            yield from (word, value)
