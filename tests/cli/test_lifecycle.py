"""The second day of a stack, as a user types it, on a real control plane."""

import json
import stat
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)

WORKERS = ("--set", "spark-operator.workers=20")


def revisions(cli) -> list[dict[str, Any]]:
    return list(json.loads(cli("history", "-o", "json").out)["items"])


def test_upgrade_history_and_rollback(cli):
    """A parameter changes with a plan kept in a file, is seen in the history, and goes back."""
    assert cli("upgrade", "--yes", "--profile", "cpu", "--stack", "cpu").code == 10
    assert cli("deploy", "--profile", "cpu", "--yes", "--events", "events.ndjson").code == 0
    events = [json.loads(line) for line in (cli.home / "events.ndjson").read_text().splitlines()]
    assert events[0]["type"] == "started"
    assert events[-1]["outcome"] == "succeeded"

    shown = cli("upgrade", "--dry-run", *WORKERS, "--plan", "plan.json")
    assert shown.code == 0, shown.text
    assert "upgrade from revision 1" in shown.out
    assert "spark-operator-controller" in shown.out
    assert stat.S_IMODE((cli.home / "plan.json").stat().st_mode) == 0o600
    others = ("--set", "spark-operator.workers=30", "--profile", "base")
    refused = cli("upgrade", "--yes", *others, "--plan", "plan.json")
    assert refused.code == 7
    assert "--profile base: it is for profile cpu" in refused.err
    assert "it was made with spark-operator.workers=20" in refused.err
    done = cli("upgrade", "--yes", "--plan", "plan.json")
    assert done.code == 0, done.text

    assert cli("diff", *WORKERS, "--against", "release").code == 0
    assert cli("diff", "--revision", "1").code == 1
    assert "=10" in cli("render", "--revision", "1").out
    assert [each["summary"] for each in revisions(cli)][1] == "~1 object of spark-operator"

    back = cli("rollback", "--yes")
    assert back.code == 0, back.text
    assert "rolled back: stack cpu" in back.out
    assert revisions(cli)[-1]["command"] == "rollback 1"
    assert cli("diff", "--revision", "1").code == 0
    assert cli("rollback", "9", "--yes").code == 10
    assert cli("teardown", "--yes").code == 0


def test_a_component_is_left_to_somebody_else_and_taken_back(cli):
    """`mode: external` gives its objects away; `adopt` takes them over again."""
    assert cli("deploy", "--profile", "cpu", "--yes").code == 0
    (cli.home / "stack.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Stack\nmetadata: {name: cpu}\n"
        "spec:\n  profile: cpu\n  components: {spark-operator: {mode: external}}\n"
    )
    given = cli("upgrade", "--yes")
    assert given.code == 0, given.text
    assert "no longer the stack's" in given.err
    (cli.home / "stack.yaml").unlink()
    adopted = cli("adopt", "spark-operator", "--yes")
    assert adopted.code == 0, adopted.text
    assert cli("status").code == 0
    # Its namespace was somebody else's in between, and is not ours to delete.
    torn = cli("teardown", "--yes")
    assert torn.code == 0, torn.text
    assert "Namespace/spark-operator: was there before the stack" in torn.out


def test_several_targets_each_have_their_outcome(cli):
    """One that does not exist is an error of its own; the gravest code is the command's."""
    status = cli("status", "--context", "stackctl-sandbox-tests", "--context", "nowhere")
    assert status.code == 10
    assert "nowhere" in status.err


def test_unlocking_what_is_not_locked_changes_nothing(cli):
    """It says so, and that is all."""
    answer = cli("unlock", "--stack", "cpu", "--yes")
    assert answer.code == 0
    assert answer.out == "stack cpu is not locked\n"
