"""Runs in processes of their own, behind a proxy, so that they can be stopped at any request."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.apiserver.faults import FaultProxy

ROOT = Path(__file__).parents[2]
LONG = 120.0  # seconds; far more than a run takes on a busy machine


def kubeconfig_of(proxy: FaultProxy, folder: Path) -> Path:
    """Write a kubeconfig that leads through a proxy, which knows who we are."""
    authority = b64encode(proxy.access.ca).decode()
    cluster = {"server": proxy.access.server, "certificate-authority-data": authority}
    path = folder / f"{proxy.access.server.rpartition(':')[2]}.json"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "proxy",
                "clusters": [{"name": "proxy", "cluster": cluster}],
                "users": [{"name": "proxy", "user": {}}],
                "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            }
        )
    )
    return path


@contextmanager
def command(proxy: FaultProxy, folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the program as a user does; it is gone at the end of the block."""
    environment = os.environ | {"KUBECONFIG": str(kubeconfig_of(proxy, folder))}
    process = subprocess.Popen(
        [sys.executable, "-m", "stackctl", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def child(
    proxy: FaultProxy, folder: Path, stack: str, verb: str, bundle: str = "first"
) -> Iterator["subprocess.Popen[str]"]:
    """Start a run; it is gone at the end of the block."""
    kubeconfig = kubeconfig_of(proxy, folder)
    command = [sys.executable, "-m", "tests.apiserver.child", str(kubeconfig), stack, verb, bundle]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
