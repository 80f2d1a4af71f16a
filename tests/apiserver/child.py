"""A run in a process of its own, to be stopped from outside.

Arguments: a kubeconfig, a stack, a verb and a bundle, or the revision to go back to. It ends with
the exit code that the command line would end with.
"""

import sys
import threading

from stackctl.api.access.kubeconfig import find_access
from stackctl.cli.running.stopping import stopping
from stackctl.cluster.connection import connect
from stackctl.errors import ApplyError, Interrupted, StackError
from stackctl.model.compose.bundle import BundleComponent
from tests.apiserver.stacks import Stack


def first(stack: Stack) -> tuple[BundleComponent, ...]:
    """A definition with an instance, and a workload that needs them."""
    base = stack.part(
        "base",
        stack.namespace(),
        stack.definition("widgets", "Widget"),
        stack.custom("Widget", "w", spec={"size": 1}),
        stack.config("old"),
    )
    app = stack.part(
        "app",
        stack.config("settings", mode="first"),
        stack.deployment("d"),
        needs=frozenset({"base"}),
    )
    return base, app


def second(stack: Stack) -> tuple[BundleComponent, ...]:
    """The same with something changed, something new and something gone."""
    base = stack.part(
        "base",
        stack.namespace(),
        stack.definition("widgets", "Widget"),
        stack.custom("Widget", "w", spec={"size": 2}),
        stack.config("new"),
    )
    app = stack.part(
        "app",
        stack.config("settings", mode="second"),
        stack.deployment("d", minReadySeconds=1),
        needs=frozenset({"base"}),
    )
    return base, app


def third(stack: Stack) -> tuple[BundleComponent, ...]:
    """Neither the first nor the second: some of it as in either, some in neither."""
    base = stack.part(
        "base",
        stack.namespace(),
        stack.definition("widgets", "Widget"),
        stack.custom("Widget", "w", spec={"size": 3}),
        stack.config("old"),
        stack.config("new"),
    )
    app = stack.part(
        "app",
        stack.config("settings", mode="second"),
        stack.deployment("d", replicas=2),
        needs=frozenset({"base"}),
    )
    return base, app


def fourth(stack: Stack) -> tuple[BundleComponent, ...]:
    """Much of another kind: a service, a secret, a role, and no custom resources."""
    base = stack.part(
        "base",
        stack.namespace(),
        stack.object("v1", "ServiceAccount", "runner"),
        stack.object("v1", "Secret", "login") | {"data": {"password": "aHVudGVyMg=="}},
        stack.object("v1", "Service", "web")
        | {"spec": {"selector": {"app": "d"}, "ports": [{"port": 80, "protocol": "TCP"}]}},
        *(stack.config(f"many-{number}", mode="fourth") for number in range(8)),
    )
    app = stack.part(
        "app", stack.config("settings", mode="fourth"), stack.deployment("d", replicas=3)
    )
    return base, app


def slow(stack: Stack) -> tuple[BundleComponent, ...]:
    """A workload that is not ready before anybody stops waiting for it."""
    late = stack.deployment("d", minReadySeconds=900, progressDeadlineSeconds=1000)
    return (stack.part("app", stack.namespace(), late),)


BUNDLES = {"first": first, "second": second, "third": third, "fourth": fourth, "slow": slow}


def run(stack: Stack, verb: str, bundle: str) -> int:
    """Run one verb; return how it ended."""
    if verb == "teardown":
        return ApplyError.exit_code if stack.teardown().residue else 0
    if verb == "rollback":
        stack.rollback(int(bundle))
    else:
        stack.deploy(*BUNDLES[bundle](stack))
    return 0


def main(kubeconfig: str, name: str, verb: str, bundle: str) -> int:
    """Run one verb on one stack, to be stopped as a command is."""
    stop = threading.Event()
    try:
        access = find_access(kubeconfig=kubeconfig, context=None, env={})
        with stopping(stop):
            return run(Stack(connect(access, lambda _: None, stop), name), verb, bundle)
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except StackError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
