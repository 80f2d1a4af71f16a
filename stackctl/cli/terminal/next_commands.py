"""Commands that are advised, as they have to be typed to mean the same cluster, stack and files.

They are advised where nobody knows what was typed; on their way out they get what was said of
these things, and nothing that they say themselves. What is in the environment is there for the
next command of ours too; kubectl knows nothing of it.
"""

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stackctl.cli.terminal.terminal import wrap

_ON_CLUSTERS = frozenset(
    (
        *("init", "deploy", "status", "stacks", "diff", "upgrade", "rollback", "history", "smoke"),
        *("teardown", "render", "outdated", "adopt", "unlock", "credentials", "policies"),
        *("record check", "record repair"),
    )
)
_OF_A_STACK = (_ON_CLUSTERS - {"stacks", "policies"}) | {"explain", "export", "lock"}
_OF_A_CATALOGUE = frozenset(
    (
        *("init", "deploy", "diff", "upgrade", "smoke", "profiles", "components", "explain"),
        *("render", "export", "lock", "outdated", "adopt"),
        *("component new", "component lint", "component compare", "profile import"),
    )
)
# Which commands of ours take an option; a test compares this with the command line.
TAKEN_BY = {
    "--kubeconfig": _ON_CLUSTERS,
    "--context": _ON_CLUSTERS,
    "--stack": _OF_A_STACK,
    "--record-namespace": _OF_A_STACK | {"stacks"},
    "--file": _OF_A_STACK,
    "--catalog": _OF_A_CATALOGUE,
}
_SPELLINGS = {**{name: name for name in TAKEN_BY}, "-f": "--file"}
_NAMING = ("--stack", "--file", "-f")  # each of these says which stack is meant
_PROGRAMS = ("stackctl ", "kubectl ")
_COMMAND = re.compile(
    r"(?<![\w/.-])(?:stackctl (?P<verb>(?:record|component|profile) [a-z]+|[a-z]+)"
    r"|kubectl(?= (?:-n|get|describe|delete|create|label|annotate|patch|cordon|uncordon|taint|auth"
    r"|rollout|logs|config|api-resources|port-forward)\b))"
)
_END = re.compile(r"[;`\n]|,? (?:or|and|then)(?: again)?,? (?=stackctl|kubectl)")
_AT_ITS_END = re.compile(r"(.*?[:;]) ((?:stackctl|kubectl) [^;]+)", re.DOTALL)
_HINTS = ("hint", "hints", "remedy")


def is_command(text: str) -> bool:
    """Tell a command that is to be copied as a whole from a sentence."""
    return text.startswith(_PROGRAMS)


def laid_out(text: str, width: int | None) -> list[str]:
    """Break a hint into lines; a command stays on a line of its own, for it is to be copied."""
    if width is None or len(text) <= width or is_command(text):
        return [text]
    found = _AT_ITS_END.fullmatch(text)
    return [*wrap(found[1], width), found[2]] if found else wrap(text, width)


class Typed:
    """What the line that is carried out says of cluster, stack and files."""

    def __init__(self) -> None:
        self._said: Mapping[str, Sequence[str]] = {}
        self._for_kubectl: dict[str, str] = {}

    def learn(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Read a line, in place of the one before."""
        self._said = _options(arguments)
        self._for_kubectl = {}
        for name in ("--kubeconfig", "--context"):
            around = environment.get(f"STACKCTL_{name[2:].upper()}", "").splitlines()
            if found := [*self._said.get(name, ()), *around][:1]:
                self._for_kubectl[name] = found[0]

    def turn(self, context: str) -> None:
        """Take one of several clusters for the one that is meant, until the next."""
        self._said = {**self._said, "--context": (context,)}
        self._for_kubectl["--context"] = context

    def reached(self, kubeconfig: str) -> None:
        """Note a file that kubectl would not find by itself."""
        self._for_kubectl.setdefault("--kubeconfig", kubeconfig)

    def addressed(self, text: str) -> str:
        """Complete the commands in a text."""
        found = list(_COMMAND.finditer(text))
        if not found:
            return text
        ends = [*(each.start() for each in found[1:]), len(text)]
        done = text[: found[0].start()]
        for match, end in zip(found, ends, strict=True):
            rest = text[match.end() : end]
            own = _END.split(rest, maxsplit=1)[0]
            verb = match["verb"]
            more = self._ours(verb, own) if verb else self._kubectls(own)
            done += " ".join([match.group(), *more]) + rest
        return done

    def addressed_document(self, found: Any) -> Any:
        """Complete the commands that a document advises."""
        if isinstance(found, list):
            return [self.addressed_document(each) for each in found]
        if not isinstance(found, dict):
            return found
        return {
            key: self._advised(value) if key in _HINTS else self.addressed_document(value)
            for key, value in found.items()
        }

    def _advised(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.addressed(value)
        return [self._advised(each) for each in value] if isinstance(value, list) else value

    def _ours(self, verb: str, rest: str) -> Iterator[str]:
        words = _words(rest)
        for name, takers in TAKEN_BY.items():
            if verb in takers and not self._settled(name, words):
                yield from (shlex.join([name, value]) for value in self._said.get(name, ()))

    def _settled(self, name: str, words: Sequence[str]) -> bool:
        """Tell whether a command says by itself what an option would."""
        if name in words:
            return True
        if name == "--stack":
            return any(each in words for each in _NAMING)
        if name == "--file":
            return any(each in words for each in (*_NAMING, "--profile"))
        if name == "--record-namespace" and "--stack" in words:
            named = words[words.index("--stack") + 1 :][:1]
            return named != [*self._said.get("--stack", ())][:1]  # another's
        return False

    def _kubectls(self, rest: str) -> Iterator[str]:
        for name, value in self._for_kubectl.items():
            if name not in rest and not (name == "--context" and "get-contexts" in rest):
                yield shlex.join([name, value])


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # it is a part of a sentence
        return text.split()


def _options(arguments: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Find what is to be said again, in a line that perhaps could not even be read."""
    found: dict[str, list[str]] = defaultdict(list)
    following = iter(arguments)
    for word in following:
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word.startswith("-f") and len(word) > 2:
            name, equals, value = "-f", "=", word[2:].removeprefix("=")
        if name in _SPELLINGS:
            found[_SPELLINGS[name]].append(value if equals else next(following, ""))
    return found


TYPED = Typed()  # as there is one command line to a process
