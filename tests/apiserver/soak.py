"""Chains of runs on a bad day: wishes change, runs are killed, and every claim is checked.

    python -m tests.apiserver.soak [CHAINS [SEED]]

A chain is a stack that is deployed, changed, rolled back and torn down in turn. Each run is a
process of its own behind a proxy with all sorts of faults, and every second one is killed
somewhere. What it claims is then looked up by another way: success means that every object is as
after an undisturbed run; anything else, that the record is true and one more run gets there.
"""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.connection import connect
from stackctl.cluster.record import releases
from stackctl.errors import ReleaseError, StackError
from stackctl.model.release.release import ReleaseStatus
from tests.apiserver.child import BUNDLES
from tests.apiserver.children import LONG, child
from tests.apiserver.faults import ALWAYS, METHODS, FaultProxy
from tests.apiserver.mixture import Mixture
from tests.apiserver.stacks import Stack
from tests.apiserver.states import bury, differing, record, require_nothing_of, state, torn_down
from tests.sandboxes import sandbox_in

WISHES = ("first", "second", "third", "fourth")
STEPS = 5  # of a chain, before it is torn down
AT_ONCE = 3
KILLED_WITHIN = 6.0  # seconds
DOCUMENTED = frozenset({0, 5, 7, 8, 9, 10, 130, 143})
NOTHING_CLAIMED = -9


@dataclass(slots=True)
class Tally:
    """What happened, over all chains."""

    runs: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # claims that were not true
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Soak:
    """The cluster, what each wish comes to, and what was found so far."""

    kubeconfig: Path
    folder: Path
    tally: Tally
    expected: Mapping[str, dict[str, Any]]

    @contextmanager
    def stack(self, name: str) -> Iterator[Stack]:
        """Reach a stack without any fault."""
        with reached(self.kubeconfig, name) as stack:
            yield stack

    def chain(self, number: int, seed: int) -> None:
        """Live through one chain; what turns out untrue is kept for the end."""
        dice = random.Random(f"{seed} {number}")
        with self.stack(f"chain-{number}") as stack:
            story: list[str] = []
            try:
                for step in range(STEPS):
                    self._step(stack, dice, f"{seed} {number} {step}", story)
                self._teardown(stack, dice, f"{seed} {number} end", story)
            except (AssertionError, StackError) as error:
                told = " → ".join(story)
                with self.tally.lock:
                    self.tally.broken.append(f"chain {number}: {told}: {error!r}")
                torn_down(stack)
            sys.stderr.write(f"chain {number}: {' → '.join(story)}\n")

    def _step(self, stack: Stack, dice: random.Random, seed: str, story: list[str]) -> None:
        back = self._revision(stack, dice)
        if back is not None and dice.random() < 0.3:
            revision, wish = back
            verb, argument = "rollback", str(revision)
        else:
            wish = dice.choice(WISHES)
            verb, argument = "deploy", wish
        code = self._run(stack, dice, seed, verb, argument)
        story.append(f"{verb} {argument} ({wish}): {code}")
        if code == 0:
            self._require(stack, wish, "success, and not what was wanted")
            return
        self._require_truth(stack, code)
        bury(stack)
        if dice.random() < 0.5:  # the wish may as well change before anybody has mended anything
            wish = dice.choice(WISHES)
        self._mend(stack, verb, argument, wish)
        story.append(f"then {wish}")
        self._require(stack, wish, "one more run, and not what was wanted")

    def _require(self, stack: Stack, wish: str, otherwise: str) -> None:
        """Make sure that everything is as after an undisturbed run."""
        found = differing(state(stack), self.expected[wish])
        assert not found, f"{otherwise}: {'; '.join(found)}"

    def _mend(self, stack: Stack, verb: str, argument: str, wish: str) -> None:
        known = [each.revision for each in releases.history(stack.client, stack.id)]
        if verb == "rollback" and int(argument) in known and _wish_of(stack, int(argument)) == wish:
            stack.rollback(int(argument), wait_lock=LONG)
        else:
            stack.deploy(*BUNDLES[wish](stack), wait_lock=LONG)

    def _teardown(self, stack: Stack, dice: random.Random, seed: str, story: list[str]) -> None:
        code = self._run(stack, dice, seed, "teardown", "-")
        story.append(f"teardown: {code}")
        if code == 0:
            require_nothing_of(stack)
            return
        bury(stack)
        if dice.random() < 0.5:
            stack.deploy(*BUNDLES["first"](stack), wait_lock=LONG)
            self._require(stack, "first", "deployed over a killed teardown")
        torn_down(stack)

    def _run(self, stack: Stack, dice: random.Random, seed: str, verb: str, argument: str) -> int:
        """Run one verb on a bad day; return how it ended."""
        mixture = Mixture(hash_of(seed))
        deadly = dice.random() < 0.5
        after = dice.random() * KILLED_WITHIN
        with FaultProxy(stack.client.access) as proxy:
            for method in METHODS:
                proxy.on(method, "", mixture, times=ALWAYS)
            with child(proxy, self.folder, stack.name, verb, argument) as process:
                code = _ended(process, after if deadly else LONG)
            # The next run comes when the lock has expired: by then nothing is on its way any more.
            proxy.drain(LONG)
        with self.tally.lock:
            self.tally.runs += 1
            self.tally.codes[f"{verb} {code}"] += 1
            self.tally.faults.update(mixture.told)
        assert code in DOCUMENTED or code == NOTHING_CLAIMED, f"exit code {code}"
        return code

    def _require_truth(self, stack: Stack, code: int) -> None:
        """A run that ended by itself has said in the record how."""
        found = record(stack)
        if found is None or code in (NOTHING_CLAIMED, 5, 7, 10):
            return
        assert not found.status.pending, f"exit code {code}, and the record says {found.status}"
        assert found.status is not ReleaseStatus.DEPLOYED or code != 8, "failed, and deployed"

    def _revision(self, stack: Stack, dice: random.Random) -> tuple[int, str] | None:
        """Choose a revision to go back to, and say which wish it was."""
        try:
            known = [each.revision for each in releases.history(stack.client, stack.id)]
        except ReleaseError:
            return None
        if not known:
            return None
        revision = dice.choice(known)
        return revision, _wish_of(stack, revision)


def _wish_of(stack: Stack, revision: int) -> str:
    bundle = releases.bundle_of(stack.client, releases.read(stack.client, stack.id, revision))
    found = {part.name: part.digest for part in bundle.components}
    for wish in WISHES:
        if {part.name: part.digest for part in BUNDLES[wish](stack)} == found:
            return wish
    raise AssertionError(f"revision {revision} is no wish of anybody's")


def _ended(process: "subprocess.Popen[str]", seconds: float) -> int:
    try:
        _, told = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return NOTHING_CLAIMED
    code = process.returncode
    if code not in DOCUMENTED:
        raise AssertionError(f"exit code {code}: {told}")
    return code


def hash_of(seed: str) -> int:
    """Make a number of a text, the same in every process."""
    return random.Random(seed).randrange(1 << 30)


@contextmanager
def reached(kubeconfig: Path, name: str) -> Iterator[Stack]:
    """Reach a stack without any fault."""
    access = find_access(kubeconfig=str(kubeconfig), context=None, env={})
    connection = connect(access, lambda _: None, threading.Event())
    yield Stack(connection, name)
    connection.client.close()


def soak(kubeconfig: Path, folder: Path, chains: int, seed: int) -> Tally:
    """Live through so many chains, a few at a time."""
    expected = {}
    for wish in WISHES:
        with reached(kubeconfig, f"still-{wish}") as stack:
            stack.keep_record_namespace()
            stack.deploy(*BUNDLES[wish](stack))
            expected[wish] = state(stack)
            torn_down(stack)
    whole = Soak(kubeconfig, folder, Tally(), expected)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: whole.chain(number, seed), range(chains)))
    return whole.tally


def main(chains: int, seed: int) -> int:
    """Start a sandbox, and say what came of it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sandbox_in(folder) as sandbox:
            tally = soak(sandbox.kubeconfig, folder, chains, seed)
    lines = [
        f"{chains} chains, seed {seed}, {tally.runs} runs in {time.monotonic() - began:.0f} s",
        f"ended: {dict(sorted(tally.codes.items()))}",
        f"requests: {dict(tally.faults.most_common())}",
        f"claims that were not true: {len(tally.broken)}",
        *tally.broken,
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return 1 if tally.broken else 0


if __name__ == "__main__":
    chains, seed = (*map(int, sys.argv[1:]), *(100, 1)[len(sys.argv) - 1 :])
    sys.exit(main(chains, seed))
