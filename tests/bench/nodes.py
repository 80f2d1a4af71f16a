"""A cluster of many GPU nodes: what a deploy and `status` take of the processor and of memory.

Run with `python -m tests.bench.nodes [COUNT ...]`: nodes of eight GPUs, 300 if none is said. What
counts is our own processor time: how long the simulated nodes take to come is theirs. Prints a
table.
"""

import sys
import tempfile
from pathlib import Path

from tests.bench.course import STACKCTL, Course
from tests.sandboxes import sandbox_in

PROFILE = "gpu8"
NODES = ("300",)
STATUSES = 3


def main() -> None:
    """Measure each size on a sandbox of its own."""
    lines = ["| nodes | work | seconds | of its own | memory |", "|---|---|---|---|---|"]
    for count in sys.argv[1:] or NODES:
        with (
            tempfile.TemporaryDirectory(prefix="nodes-") as name,
            sandbox_in(Path(name), "bench", f"gpu={count}x8,cpu=2") as sandbox,
        ):
            course = Course(Path(name), sandbox.kubeconfig)
            _work(course)
            lines += [_line(count, work, course) for work in ("deploy", "status", "teardown")]
    sys.stdout.write("\n".join(lines) + "\n")


def _work(course: Course) -> None:
    deploy = ("deploy", "--profile", PROFILE, "--yes", "--timeout", "30m")
    course.run("deploy", *STACKCTL, *deploy)
    for _ in range(STATUSES):
        course.run("status", *STACKCTL, "status", "--stack", PROFILE)
    course.run("teardown", *STACKCTL, "teardown", "--stack", PROFILE, "--yes", "--timeout", "30m")


def _line(count: str, work: str, course: Course) -> str:
    own = min(each.processor for each in course.samples[work])
    peak, least = course.peak(work), course.least(work)
    return f"| {count} | {work} | {least:.2f} s | {own:.2f} s | {peak:.0f} MB |"


if __name__ == "__main__":
    main()
