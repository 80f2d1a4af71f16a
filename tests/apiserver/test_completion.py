"""Stacks and revisions are completed by asking the cluster that is meant."""

from stackctl.cli import command_line
from stackctl.cli.options.shells import answer


def offered(line: str) -> list[str]:
    return answer(
        command_line(), {"_STACKCTL_COMPLETE": "bash", "_STACKCTL_LINE": line}
    ).splitlines()


def test_stacks_and_their_revisions_are_offered(stack, kubeconfig):
    """The newest revision first; of no stack in particular, none where there are several."""
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x")))
    stack.deploy(stack.part("a", stack.namespace(), stack.config("x", key="new")))
    line = f"stackctl rollback --kubeconfig {kubeconfig}"
    assert stack.name in offered(f"{line} --stack ")
    assert offered(f"{line} --stack {stack.name} ") == ["2", "1"]
    assert stack.teardown().residue == ()
