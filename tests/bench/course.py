"""One run of the benchmark: the cluster, the forms of the load, the commands and their figures."""

import os
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stackctl.api.access.kubeconfig import find_access
from stackctl.api.client import Client
from stackctl.sources.yaml import dump, load
from tests.apiserver.faults import ALWAYS, Answer, Every, FaultProxy, LoseAnswer
from tests.bench.load import NAME, NAMESPACES, Load

DELAY = 30  # milliseconds
# Helm holds itself to five requests in a second, and would lose every comparison by that alone;
# and no contender should have to compile itself every time.
SETTINGS = {"HELM_QPS": "1000", "HELM_BURST_LIMIT": "1000", "PYTHONDONTWRITEBYTECODE": ""}
TIMES = 5  # as many objects, to see how it grows
REPOSITORY = Path(__file__).parents[2]
STACKCTL = (sys.executable, "-m", "stackctl")
LATENCY = (sys.executable, "-m", "tests.bench.latency")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a command took."""

    seconds: float
    processor: float  # seconds, of the command itself
    megabytes: float  # at its peak


class Course:
    """One run of the benchmark: where things lie, and what was measured so far."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.access = find_access(kubeconfig=str(kubeconfig), context=None, env={})
        self.client = Client(self.access)
        self.samples: dict[str, list[Sample]] = defaultdict(list)
        self.first = Load().catalogue(folder / "first")
        self.second = Load(edition=2).catalogue(folder / "second")
        self.odd = Load(odd=True).catalogue(folder / "odd")
        self.larger = Load(times=TIMES).catalogue(folder / "larger")
        self.lines = Load().lines(folder / "lines")
        self.new_lines = Load().lines(folder / "new-lines", new=True)
        self.file = Load().file(folder / "first.yaml")
        self.odd_file = Load(odd=True).file(folder / "odd.yaml")
        self.chart = Load().chart(folder / "chart")
        self.second_chart = Load(edition=2).chart(folder / "second-chart")

    def run(self, name: str, *command: str, through: Path | None = None) -> None:
        """Measure a command; to differ is no failure."""
        sample, code = _measured(
            command, {"KUBECONFIG": str(through or self.kubeconfig)} | SETTINGS
        )
        if code > 1 or (code == 1 and "diff" not in name):
            raise SystemExit(f"{name} failed with {code}: {' '.join(command)}")
        self.samples[name].append(sample)
        sys.stderr.write(
            f"{name:<18}{sample.seconds:>7.2f} s{sample.processor:>7.2f} s of its own"
            f"{sample.megabytes:>6.0f} MB\n"
        )

    def deploy(
        self, name: str, catalogue: Path, *options: str, through: Path | None = None
    ) -> None:
        """Deploy a catalogue."""
        profile = ("--catalog", str(catalogue), "--profile", NAME, "--yes")
        self.run(name, *STACKCTL, "deploy", *profile, *options, through=through)

    def spaces(self) -> None:
        """Make the namespaces alone: what is to be in them can be tried then."""
        for name in NAMESPACES:
            space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.client.apply(f"/api/v1/namespaces/{name}", space, manager="bench")

    def tried(self, name: str, catalogue: Path) -> None:
        """Have the server try what a deploy would make, and make nothing."""
        profile = ("--catalog", str(catalogue), "--profile", NAME, "--dry-run")
        self.run(name, *STACKCTL, "deploy", *profile)

    def teardown(self, name: str = "teardown") -> None:
        """Take it off again."""
        self.run(name, *STACKCTL, "teardown", "--stack", NAME, "--yes")

    def clean(self) -> None:
        """Remove what a contender that has no teardown left."""
        path = "/api/v1/namespaces"
        for name in NAMESPACES:
            self.client.delete(f"{path}/{name}")
        while any(
            item["metadata"]["name"] in NAMESPACES
            for item in self.client.list(path, metadata_only=True).items
        ):
            time.sleep(0.5)

    def least(self, name: str) -> float:
        """The fastest of the rounds."""
        return min(each.seconds for each in self.samples[name])

    def median(self, name: str) -> float:
        """The ordinary round."""
        return statistics.median(each.seconds for each in self.samples[name])

    def peak(self, *names: str) -> float:
        """The most memory any of these took, in megabytes."""
        return max(each.megabytes for name in names for each in self.samples[name])


def requests_of(course: Course, catalogue: Path) -> int:
    """Count the requests of a deploy with nothing to do."""
    with FaultProxy(course.access) as proxy:
        course.deploy("counted", catalogue, through=_through(course, proxy))
        return len(proxy.asked)


@contextmanager
def troubled(course: Course) -> Iterator[Path]:
    """Lead to the API server by a proxy that refuses and loses some of what it is sent.

    Every tenth ConfigMap is put off with 429, and of every hundredth PATCH the answer is lost
    with its connection.
    """
    lost = Every(100, LoseAnswer())
    with FaultProxy(course.access) as proxy:
        busy = Every(10, Answer(429, {"Retry-After": "1"}), otherwise=lost)
        proxy.on("PATCH", r"/namespaces/team-\d+/configmaps/", busy, times=ALWAYS)
        proxy.on("PATCH", "", lost, times=ALWAYS)
        yield _through(course, proxy)


@contextmanager
def slowed(course: Course, delay: int = DELAY) -> Iterator[Path]:
    """Lead to the API server by a wire on which every request takes longer."""
    server = urlsplit(course.access.server)
    command = [*LATENCY, str(server.hostname), str(server.port), str(delay)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as wire:
        port = wire.stdout.readline().strip() if wire.stdout else ""
        yield _kubeconfig(course, "slow", {"server": f"https://127.0.0.1:{port}"})
        wire.communicate()


def _through(course: Course, proxy: FaultProxy) -> Path:
    authority = b64encode(proxy.access.ca).decode()
    changed = {"server": proxy.access.server, "certificate-authority-data": authority}
    return _kubeconfig(course, "proxy", changed)


def _kubeconfig(course: Course, name: str, changed: Mapping[str, str]) -> Path:
    """Write the kubeconfig again with another way to the same cluster."""
    config = load(course.kubeconfig.read_text())
    for each in config["clusters"]:
        each["cluster"].update(changed)
    path = course.folder / f"{name}.kubeconfig"
    path.write_text(dump(config))
    return path


def _measured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Sample, int]:
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = usage.ru_maxrss / 1024
    return Sample(seconds, usage.ru_utime + usage.ru_stime, megabytes), process.returncode
