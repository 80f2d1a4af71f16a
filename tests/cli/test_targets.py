"""One command on two clusters, as a user types it, on two real control planes."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stackctl.api.access.kubeconfig import find_access
from stackctl.cluster.connection import connect
from stackctl.sandbox.lifecycle import UpResult
from tests.cli.conftest import Answer, Cli
from tests.sandboxes import sandbox_in

pytestmark = pytest.mark.timeout(300)

FIRST, SECOND = "stackctl-sandbox-tests", "stackctl-sandbox-second"
BOTH = ("--context", FIRST, "--context", SECOND)
QUESTION = "[y/N]"
NOWHERE = """\
apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nowhere, user: {token: none}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nowhere}}]
"""
PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: letters, description: one component}
spec: {components: {letters: {}}}
"""
COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: letters, description: a text and a server}
spec:
  version: 1.0.0
  namespace: letters
  images: [{image: registry.example.com/letters, tag: 1.0.0}]
  parameters:
    text:
      type: string
      default: hello
      description: What is written
      places: [{object: ConfigMap/letters, path: data.text}]
    nodes:
      type: string
      default: cpu
      description: Which nodes it runs on
      places:
      - object: Deployment/letters
        path: spec.template.spec.nodeSelector["sandbox.stackctl.dev/node-group"]
    fault:
      type: string
      default: none
      description: What the simulated Pod does wrong
      places:
      - object: Deployment/letters
        path: spec.template.metadata.annotations["sandbox.stackctl.dev/fail"]
"""
OBJECTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: letters}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: letters, namespace: letters}
data: {text: hello}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: letters, namespace: letters}
spec:
  selector: {matchLabels: {app: letters}}
  template:
    metadata:
      labels: {app: letters}
      annotations: {sandbox.stackctl.dev/fail: none}
    spec:
      nodeSelector: {sandbox.stackctl.dev/node-group: cpu}
      containers:
      - {name: server, image: "registry.example.com/letters:1.0.0"}
"""


@dataclass(frozen=True)
class Pair:
    """Two clusters, and the program that knows both."""

    first: Cli
    second: Cli

    def __call__(self, *arguments: str) -> Answer:
        """Run one command."""
        return self.first(*arguments)

    def deploy(self, *arguments: str) -> Answer:
        """Deploy the small stack, or change it, on both clusters."""
        return self.first("deploy", "--profile", "letters", *BOTH, *arguments)

    def objects(self) -> tuple[set[str], set[str]]:
        """Name everything of each cluster that a stack could leave behind."""
        return self.first.objects(), self.second.objects()

    def revisions(self) -> dict[str, list[str]]:
        """Read, for each context, how each revision ended."""
        items = results(self("history", *BOTH, "-o", "json"))
        return {
            context: [each["status"] for each in found.get("items", ())]
            for context, found in items.items()
        }


@pytest.fixture(scope="module")
def second_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpResult]:
    """Another control plane; unlike the first it has no GPU nodes."""
    folder = tmp_path_factory.mktemp("second")
    with sandbox_in(folder, "second", "cpu=1") as result:
        yield result


@pytest.fixture
def pair(cli: Cli, second_sandbox: UpResult) -> Iterator[Pair]:
    """Both clusters and a small profile; nothing may be left on either."""
    for path, text in (
        ("profiles/letters.yaml", PROFILE),
        ("manifests/letters/component.yaml", COMPONENT),
        ("manifests/letters/base/objects.yaml", OBJECTS),
        ("nowhere", NOWHERE),
    ):
        (cli.home / path).parent.mkdir(parents=True, exist_ok=True)
        (cli.home / path).write_text(text)
    known = (cli.environment["KUBECONFIG"], str(second_sandbox.kubeconfig), "nowhere")
    cli.environment |= {"KUBECONFIG": ":".join(known), "STACKCTL_CATALOG": str(cli.home)}
    access = find_access(kubeconfig=str(second_sandbox.kubeconfig), context=None, env={})
    connection = connect(access, lambda _: None, threading.Event())
    both = Pair(cli, Cli(connection, second_sandbox.kubeconfig, cli.home))
    before = both.objects()
    yield both
    cli("teardown", *BOTH, "--yes")
    assert both.objects() == before
    connection.client.close()


def results(answer: Answer) -> dict[str, Any]:
    """Read the one document about several clusters."""
    found = json.loads(answer.out)
    assert found["kind"] == "ResultList"
    return {each["context"]: each for each in found["items"]}


def at_terminal(
    cli: Cli, *arguments: str, typed: str = "", react: Callable[[str, Any], None] | None = None
) -> Answer:
    """Run a command with somebody in front of it; `react` sees all that was said so far."""
    ours, theirs = os.openpty()
    with (cli.home / "stdout").open("w+") as out:
        program = subprocess.Popen(
            [sys.executable, "-m", "stackctl", *arguments],
            env=cli.environment | {"TERM": "dumb", "NO_COLOR": "1"},
            cwd=cli.home,
            stdin=theirs,
            stdout=out,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        said = ""
        for text in _heard(ours):
            said += text
            if react is not None:
                react(said, program)
        os.close(ours)
        code = program.wait()
        out.seek(0)
        return Answer(code, out.read(), said)


def _heard(terminal: int) -> Iterator[str]:
    while True:
        try:
            heard = os.read(terminal, 65536)
        except OSError:  # the program has closed its side
            return
        if not heard:
            return
        yield heard.decode().replace("\r\n", "\n")


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def contexts(found: Sequence[dict[str, Any]], type: str) -> list[str]:
    return [each["context"] for each in found if each["type"] == type]


def test_each_cluster_has_its_plan_record_and_outcome(pair):
    """One document with a result for each context; the records go their own ways afterwards."""
    deployed = pair.deploy("--yes", "-o", "json", "--events", "events.ndjson")
    assert deployed.code == 0, deployed.text
    found = results(deployed)
    assert list(found) == [FIRST, SECOND]
    assert {each["kind"] for each in found.values()} == {"DeployOutcome"}
    assert {each["plan"]["counts"]["create"] for each in found.values()} == {3}
    assert len({each["release"]["clusterUID"] for each in found.values()}) == 2

    told = events(pair.first.home / "events.ndjson")
    assert contexts(told, "finished") == [FIRST, SECOND]
    assert contexts(told, "object") == [FIRST] * 3 + [SECOND] * 3

    alone = ("upgrade", "--context", SECOND, "--profile", "letters")
    assert pair(*alone, "--set", "letters.text=two", "--yes").code == 0
    assert pair.revisions() == {FIRST: ["deployed"], SECOND: ["superseded", "deployed"]}
    differs = pair("diff", "--profile", "letters", *BOTH, "-o", "json")
    assert differs.code == 1
    assert [each["empty"] for each in results(differs).values()] == [True, False]

    back = pair("rollback", *BOTH, "--yes", "-o", "json")
    assert back.code == 10
    assert [each["kind"] for each in results(back).values()] == ["Error", "DeployOutcome"]
    assert f"error: {FIRST}: stack letters: no earlier revision" in back.err
    assert pair("diff", "--profile", "letters", *BOTH).code == 0

    removed = pair("teardown", *BOTH, "--yes")
    assert removed.code == 0, removed.text
    assert removed.out.count("residue: none") == 2
    assert pair("status", *BOTH).code == 10


def test_one_that_fails_keeps_no_other_from_its_turn(pair):
    """Not ready here, unreachable there, done on the last; the gravest code is the command's."""
    order = ("--context", SECOND, "--context", "nowhere", "--context", FIRST)
    failing = ("--profile", "letters", "--set", "letters.nodes=gpu", "--timeout", "8s")
    deployed = pair("deploy", *order, *failing, "--yes")
    assert deployed.code == 9, deployed.text
    assert f"error: {SECOND}: " in deployed.err
    assert "error: nowhere: https://127.0.0.1:1: cannot connect" in deployed.err
    assert "deployed: stack letters" in deployed.out
    ends = deployed.err.partition("targets:\n")[2].splitlines()
    assert [line.split()[:2] for line in ends] == [
        [SECOND, "exit"],
        ["nowhere", "exit"],
        [FIRST, "done"],
    ]
    assert pair.revisions() == {FIRST: ["deployed"], SECOND: ["failed"]}
    status = pair("status", *BOTH, "-o", "json")
    assert status.code == 1
    assert [each["current"] for each in results(status).values()] == [True, False]


def test_it_asks_once_when_every_plan_has_been_shown(pair):
    """Before anything is changed anywhere; what cannot be reached is left out and named."""
    refused = at_terminal(
        pair.first, "deploy", "--profile", "letters", *BOTH, "-o", "json", typed="n\n"
    )
    assert refused.code == 1
    assert [each["agreed"] for each in results(refused).values()] == [False, False]
    assert pair("status", *BOTH).code == 10

    deploy = ("deploy", "--profile", "letters", *BOTH, "--context", "nowhere")
    agreed = at_terminal(pair.first, *deploy, "--events", "events.ndjson", typed="y\n")
    assert agreed.code == 5, agreed.text
    assert agreed.err.count(QUESTION) == 1
    asked = agreed.err.index(QUESTION)
    assert agreed.err.count("Plan: +3 create", 0, asked) == 2
    assert "left out, for it failed: nowhere" in agreed.err[:asked]
    assert "taking the lock" not in agreed.err[:asked]
    assert agreed.out.count("deployed: stack letters") == 2
    told = events(pair.first.home / "events.ndjson")
    ends = [(each["context"], each["outcome"]) for each in told if each["type"] == "finished"]
    assert ends == [
        (FIRST, "declined"),
        (SECOND, "declined"),
        ("nowhere", "failed"),
        (FIRST, "succeeded"),
        (SECOND, "succeeded"),
    ]

    again = at_terminal(pair.first, "deploy", "--profile", "letters", *BOTH)
    assert again.code == 0
    assert QUESTION not in again.err
    assert again.out.count("nothing to change") == 2

    torn = at_terminal(pair.first, "teardown", *BOTH, typed="y\n")
    assert torn.code == 0, torn.text
    assert torn.err.count(QUESTION) == 1
    assert torn.out.count("residue: none") == 2


def test_an_interruption_ends_all_of_it(pair):
    """The first cluster's record says so, the second was not begun, and both are in the answer."""
    sent: list[int] = []

    def interrupt(said: str, program: Any) -> None:
        if "letters waiting" in said and not sent:
            sent.append(signal.SIGINT)
            program.send_signal(signal.SIGINT)

    never = ("--set", "letters.fault=never-ready", "--yes", "-o", "json")
    stopped = at_terminal(
        pair.first, "deploy", "--profile", "letters", *BOTH, *never, react=interrupt
    )
    assert stopped.code == 130, stopped.text
    found = results(stopped)
    assert [each["exitCode"] for each in found.values()] == [130, 130]
    assert found[SECOND]["message"] == "not begun"
    assert pair.revisions() == {FIRST: ["failed"], SECOND: []}
    assert pair.deploy("--yes").code == 0
    assert pair.revisions() == {FIRST: ["failed", "deployed"], SECOND: ["deployed"]}


@pytest.mark.parametrize(
    "command",
    [("deploy", "--dry-run", "--profile", "letters", "--plan", "plan.json"), ("status", "--watch")],
    ids=["a-plan-file", "watching"],
)
def test_what_is_for_one_cluster_refuses_two(pair, command):
    """A plan is one cluster's, and so is a screen; nothing is written."""
    refused = pair(*command, *BOTH)
    assert refused.code == 2
    assert "several contexts are named" in refused.err
    assert not (pair.first.home / "plan.json").exists()
