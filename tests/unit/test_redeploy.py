"""The command that applies a revision again, from what its record says was typed."""

from dataclasses import replace

import pytest

from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.redeploy import redeploy
from tests.unit.cli_samples import RELEASE

GPU8 = "--profile gpu8"


@pytest.mark.parametrize(
    ("command", "name", "sets", "typed"),
    [
        (f"deploy {GPU8}", "gpu8", {}, f"deploy {GPU8}"),
        ("deploy -f 'my stack.yaml'", "ml", {}, "deploy -f 'my stack.yaml'"),
        (f"deploy {GPU8} --set a.b=…", "gpu8", {"a.b": "1"}, f"upgrade {GPU8} --stack gpu8"),
        ("rollback 2", "gpu8", {}, "rollback 2 --stack gpu8"),
        ("smoke web --stack ml", "smoke-web", {}, "smoke web --stack ml"),
        (f"upgrade {GPU8} --stack ml", "ml", {}, f"deploy {GPU8} --stack ml"),
        (
            f"deploy {GPU8} --catalog '/x y' --take-over argocd --reset",
            "gpu8",
            {},
            f"deploy {GPU8} --catalog '/x y'",
        ),
        ("", "ml", {}, f"deploy {GPU8} --stack ml"),
        ("it's not closed", "gpu8", {}, f"deploy {GPU8}"),
        ("rollback", "gpu8", {}, f"deploy {GPU8}"),
        ("smoke web;reboot", "smoke-web", {}, "smoke 'web;reboot'"),
    ],
)
def test_what_to_type(command, name, sets, typed):
    """An upgrade keeps what `--set` said; names are given where they are not the profile's."""
    release = replace(RELEASE, stack=StackId(name), command=command, sets=sets)
    assert redeploy(release) == f"stackctl {typed}"


def test_a_tenants_record_is_named():
    """Another stack may have the same name."""
    release = replace(RELEASE, stack=StackId("gpu8", "team-a"), command="deploy --profile gpu8")
    assert redeploy(release) == "stackctl deploy --profile gpu8 --record-namespace team-a"
    back = replace(release, command="rollback 2")
    assert redeploy(back) == "stackctl rollback 2 --stack gpu8 --record-namespace team-a"


def test_who_stands_in_the_way_is_taken_over():
    """Without, what is printed would be refused, of a rollback as well."""
    release = replace(RELEASE, stack=StackId("gpu8"), command="deploy --profile gpu8")
    taking = "--take-over a --take-over b"
    assert redeploy(release, {"b", "a"}) == f"stackctl deploy --profile gpu8 {taking}"
    back = replace(release, command="rollback 2 --take-over c")
    assert redeploy(back, {"b", "a"}) == f"stackctl rollback 2 --stack gpu8 {taking}"
