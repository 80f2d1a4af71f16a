"""Times whole processes against each other in one run, to compare them as ratios."""

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Seconds of one command over the rounds of a run."""

    seconds: tuple[float, ...]

    @property
    def least(self) -> float:
        """The fastest round: what the machine can do when nothing disturbs it."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The ordinary round."""
        return statistics.median(self.seconds)


def alternate(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Figure]:
    """Run the commands in turn, so that what disturbs one disturbs all."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(once(command))
    return {name: Figure(tuple(each)) for name, each in seconds.items()}


def once(command: Sequence[str]) -> float:
    """Time one run of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began
