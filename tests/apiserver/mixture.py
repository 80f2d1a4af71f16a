"""A bad day of an API server: all sorts of faults at once, drawn for each request from a seed.

What happens to a request follows from the seed, what it asks, and how often that was asked: not
from the order in which threads come. One mixture is meant for one process of ours. What is stale
is an earlier answer to the very same question, and no process can tell that what it hears for the
first time is old.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.apiserver.faults import Answer, Asked, Conversation, Fault, Kept, LoseAnswer, LoseRequest

JSON = {"Content-Type": "application/json"}


def status(code: int, reason: str, message: str) -> bytes:
    """Write a Status as API servers do, as far as these matter."""
    return (
        f'{{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": {code}, '
        f'"reason": "{reason}", "message": "{message}"}}'
    ).encode()


BUSY = (Answer(429, {"Retry-After": "1"}), Answer(429, {"Retry-After": "0"}), Answer(429))
BROKEN = Answer(500, JSON, status(500, "InternalError", "Internal error occurred: nil map"))
AWAY = Answer(503, JSON, status(503, "ServiceUnavailable", "apiserver is shutting down"))
UNKNOWN = Answer(401, JSON, status(401, "Unauthorized", "Unauthorized"))


@dataclass(frozen=True, slots=True)
class Shares:
    """How many of a hundred requests each fault is for."""

    resets: float = 5.0
    busy: float = 5.0
    broken: float = 2.0
    truncated: float = 2.0
    unknown: float = 1.0
    stale: float = 10.0  # of the questions that were asked before


@dataclass(frozen=True, slots=True)
class Truncate:
    """Half of the answer comes; the connection breaks, or the half is said to be all."""

    honest: bool

    def play(self, talk: Conversation, /) -> None:
        """Pass on one half."""
        answer = talk.ask()
        headers = {"Content-Type": answer.headers.get("Content-Type", "")}
        body = answer.read()
        half = body[: len(body) // 2]
        if not self.honest:
            talk.reply(answer.status, headers, half)
            return
        talk.begin(answer.status, headers, len(body), half)
        talk.reset()


@dataclass(frozen=True, slots=True)
class BreakAfterwards:
    """The request is carried out, and the answer is an internal error."""

    def play(self, talk: Conversation, /) -> None:
        """Let the server do it, and complain."""
        talk.ask().read()
        BROKEN.play(talk)


@dataclass(slots=True)
class Mixture:
    """Every fault there is, in the shares of a bad day; `told` counts what happened."""

    seed: int
    jitter: float = 0.3  # seconds at most
    watch_seconds: int = 3  # then a watch is cut
    shares: Shares = Shares()
    told: Counter[str] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)
    _kept: dict[str, Kept] = field(default_factory=dict)
    _drawing: threading.Lock = field(default_factory=threading.Lock)

    def play(self, talk: Conversation, /) -> None:
        """Draw what happens, and do it."""
        dice = self._dice(talk.asked)
        time.sleep(dice.random() * self.jitter)
        name, fault = self._fault(dice)
        with self._drawing:
            self.told[name] += 1
        endless = "watch=true" in talk.asked.path or "follow=true" in talk.asked.path
        if fault is not None and endless and not isinstance(fault, Answer):
            LoseRequest().play(talk)  # nobody can wait for the end of it to lose that
        elif fault is not None:
            fault.play(talk)
        elif endless:
            self._cut_watch(talk)
        elif talk.asked.method == "GET":
            self._read(talk, dice)
        else:
            talk.pass_on(talk.ask())

    def _dice(self, asked: Asked) -> random.Random:
        with self._drawing:
            self._asked[asked.question] += 1
            number = self._asked[asked.question]
        return random.Random(f"{self.seed} {asked.question} {number}")

    def _fault(self, dice: random.Random) -> tuple[str, Fault | None]:
        shares, drawn = self.shares, dice.random() * 100
        table: list[tuple[str, float, list[Fault]]] = [
            ("reset", shares.resets, [LoseRequest(), LoseAnswer()]),
            ("busy", shares.busy, [*BUSY]),
            ("broken", shares.broken, [BROKEN, BreakAfterwards(), AWAY, AWAY]),
            ("truncated", shares.truncated, [Truncate(honest=True), Truncate(honest=False)]),
            ("unknown", shares.unknown, [UNKNOWN]),
        ]
        for name, share, faults in table:
            if drawn < share:
                return name, dice.choice(faults)
            drawn -= share
        return "passed", None

    def _read(self, talk: Conversation, dice: random.Random) -> None:
        """Answer as before, or as it is by now."""
        question = talk.asked.question
        known = self._kept.get(question)
        if known is not None and dice.random() * 100 < self.shares.stale:
            with self._drawing:
                self.told["stale"] += 1
            talk.repeat(known)
            return
        kept = talk.keep(talk.ask(encoding="identity"))
        if kept.status == 200 and b'"resourceVersion"' in kept.body:
            self._kept[question] = kept

    def _cut_watch(self, talk: Conversation) -> None:
        """Let a watch live for a moment."""
        path, _, rest = talk.asked.path.partition("&timeoutSeconds=")
        end = rest.partition("&")[1] + rest.partition("&")[2]
        answer = talk.ask(path=f"{path}&timeoutSeconds={self.watch_seconds}{end}")
        if answer.length is not None:
            talk.pass_on(answer)
            return
        talk.pass_on(answer, limit=1 << 40)  # without the end that says that it is complete
        talk.reset()
