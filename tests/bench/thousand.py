"""A thousand objects in twenty namespaces: every verb, beside the bare API, kubectl and Helm.

Run with `python -m tests.bench.thousand [ROUNDS]` on a machine that does nothing else. All
contenders work on one real API server, in turn, so that what disturbs one disturbs all; what
counts are the ratios. Prints the README's table: the least of the rounds, and the median.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench import rivals
from tests.bench.course import DELAY, STACKCTL, TIMES, Course, requests_of, slowed, troubled
from tests.bench.load import NAME
from tests.sandboxes import sandbox_in

ROUNDS = 3
DELAYS = (DELAY, 100)  # milliseconds, of the wires that are slow
BARE = (sys.executable, "-m", "tests.bench.bare")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a step of ours, and what it is held against."""

    work: str
    ours: str
    other: str = ""
    most: float = 0.0  # the ratio it should not exceed
    limit: float = 0.0  # the seconds it should not exceed


ROWS = (
    Row("first deploy, `--no-wait`", "deploy --no-wait", "bare loop", most=1.3),
    Row("first deploy, `--no-wait`", "deploy --no-wait", "kubectl apply", most=1.0),
    Row("first deploy, `--no-wait`", "deploy --no-wait", "helm install", most=0.5),
    Row("first deploy, until all is ready", "deploy", "helm install --wait", most=0.5),
    Row("deploy, nothing changed", "deploy again", "helm upgrade", most=0.08, limit=1.0),
    Row("upgrade, every object changed", "upgrade", "helm upgrade all", most=0.5),
    Row("diff, one object changed", "diff", "kubectl diff", most=0.2),
    Row("status", "status", limit=1.0),
    Row("teardown", "teardown", "helm uninstall", most=0.6),
    Row("one PATCH for each object, if it is new", "bare loop, new only", "bare loop"),
    Row("new objects tried first, `--dry-run`", "dry run", "deploy --no-wait", most=1.0),
    *(
        Row(f"first deploy, {delay} ms more for a request", f"deploy +{delay}", other, most=most)
        for delay, times in ((30, 1.4), (100, 1.8))
        for other, most in (
            ("bare loop", times),
            (f"bare loop +{delay}", 0.0),
            (f"kubectl apply +{delay}", 1.0),
            (f"helm install +{delay}", 1.0),
        )
    ),
    Row(f"nothing changed, {DELAY} ms more", f"again +{DELAY}", "deploy again", most=1.4),
    Row(f"nothing changed, {DELAY} ms more", f"again +{DELAY}", f"helm upgrade +{DELAY}"),
    Row("first deploy, requests refused and lost", "troubled deploy", limit=30.0),
)


def main() -> None:
    """Run all rounds, and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    kubectl, helm = rivals.kubectl(), rivals.helm()
    with (
        tempfile.TemporaryDirectory(prefix="thousand-") as name,
        sandbox_in(Path(name), "bench", "cpu=1") as sandbox,
    ):
        course = Course(Path(name), sandbox.kubeconfig)
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            _bare(course)
            _ours(course)
            for delay in DELAYS:
                _slow(course, delay, kubectl, helm)
            _troubled(course)
            _kubectl(course, kubectl)
            _helm(course, helm)
        requests = _growth(course)
        sys.stdout.write(_table(course) + _notes(course, requests))


def _bare(course: Course) -> None:
    course.run("bare loop", *BARE, str(course.lines))
    course.clean()
    course.run("bare loop, new only", *BARE, str(course.new_lines))
    course.clean()


def _ours(course: Course) -> None:
    course.spaces()
    course.tried("dry run", course.first)
    course.clean()
    course.deploy("deploy --no-wait", course.first, "--no-wait")
    course.teardown("teardown at once")
    course.deploy("deploy", course.first)
    course.deploy("deploy again", course.first)
    odd = ("--catalog", str(course.odd), "--profile", NAME)
    course.run("diff", *STACKCTL, "diff", *odd)
    course.run("status", *STACKCTL, "status", "--stack", NAME)
    course.deploy("upgrade", course.second)
    course.teardown()


def _slow(course: Course, delay: int, kubectl: str | None, helm: str | None) -> None:
    """Let every contender use the wire on which a request takes so many milliseconds more."""
    with slowed(course, delay) as kubeconfig:
        course.run(f"bare loop +{delay}", *BARE, str(course.lines), through=kubeconfig)
        course.clean()
        course.deploy(f"deploy +{delay}", course.first, "--no-wait", through=kubeconfig)
        course.deploy(f"again +{delay}", course.first, through=kubeconfig)
        course.teardown("teardown at once")
        if kubectl is not None:
            apply = (kubectl, "apply", "--server-side", "-f", str(course.file))
            course.run(f"kubectl apply +{delay}", *apply, through=kubeconfig)
            course.clean()
        if helm is not None:
            chart = (NAME, str(course.chart))
            course.run(f"helm install +{delay}", helm, "install", *chart, through=kubeconfig)
            course.run(f"helm upgrade +{delay}", helm, "upgrade", *chart, through=kubeconfig)
            course.run("helm uninstall", helm, "uninstall", NAME, "--wait")


def _troubled(course: Course) -> None:
    with troubled(course) as kubeconfig:
        course.deploy("troubled deploy", course.first, through=kubeconfig)
    course.teardown("teardown at once")


def _kubectl(course: Course, kubectl: str | None) -> None:
    if kubectl is None:
        return
    course.run("kubectl apply", kubectl, "apply", "--server-side", "-f", str(course.file))
    course.run("kubectl diff", kubectl, "diff", "--server-side", "-f", str(course.odd_file))
    course.clean()


def _helm(course: Course, helm: str | None) -> None:
    if helm is None:
        return
    course.run("helm install", helm, "install", NAME, str(course.chart))
    course.run("helm uninstall", helm, "uninstall", NAME, "--wait")
    course.run("helm install --wait", helm, "install", NAME, str(course.chart), "--wait")
    course.run("helm upgrade", helm, "upgrade", NAME, str(course.chart), "--wait")
    course.run("helm upgrade all", helm, "upgrade", NAME, str(course.second_chart), "--wait")
    course.run("helm uninstall", helm, "uninstall", NAME, "--wait")


def _growth(course: Course) -> tuple[int, int]:
    """Do the same with more objects; return the requests of a run with nothing to do, of both."""
    course.deploy("deploy", course.first)
    few = requests_of(course, course.first)
    course.teardown("teardown at once")
    course.deploy("larger deploy", course.larger)
    course.deploy("larger again", course.larger)
    many = requests_of(course, course.larger)
    course.teardown("larger teardown")
    return few, many


def _table(course: Course) -> str:
    lines = [
        "| work | stackctl | beside it | ratio, least (median) | should be |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(row, course) for row in ROWS)]) + "\n"


def _line(row: Row, course: Course) -> str:
    beside = ratio = ""
    if course.samples[row.other]:
        beside = f"`{row.other}` {_seconds(row.other, course)}"
        least = course.least(row.ours) / course.least(row.other)
        median = course.median(row.ours) / course.median(row.other)
        ratio = f"{least:.2f} ({median:.2f})"
    goals = [f"≤ {row.most:g}" if row.most else "", f"≤ {row.limit:g} s" if row.limit else ""]
    cells = [row.work, _seconds(row.ours, course), beside, ratio, ", ".join(filter(None, goals))]
    return f"| {' | '.join(cells)} |"


def _seconds(name: str, course: Course) -> str:
    return f"{course.least(name):.2f} s ({course.median(name):.2f})"


def _notes(course: Course, requests: tuple[int, int]) -> str:
    few, many = requests
    ours = ("deploy", "deploy --no-wait", "deploy again", "diff", "status", "upgrade", "teardown")
    growth = course.least("larger deploy") / course.least("deploy")
    memory = course.peak("larger deploy") / course.peak("deploy")
    again = course.least("larger again") / course.least("deploy again")
    return (
        f"\nPeak memory {course.peak(*ours):.0f} MB. A run with nothing to do sends {few} "
        f"requests, with {TIMES} times as many objects {many}. {TIMES} times as many objects take "
        f"{growth:.1f} times as long to deploy, {again:.1f} times to find unchanged, and "
        f"{memory:.1f} times the memory ({course.peak('larger deploy'):.0f} MB).\n"
    )


if __name__ == "__main__":
    main()
