"""Writes the kubeconfig files of a sandbox, each for one identity.

The user's own kubeconfig is for `user_kubeconfig`.
"""

import base64
import json
from pathlib import Path
from typing import Any

from stackctl.api.access.clusters import SANDBOX_EXTENSION
from stackctl.files import write_private
from stackctl.sandbox.machine.places import Sandbox

_CLIENTS = ("controller-manager", "scheduler", "kwok", "agent")


def write_kubeconfigs(sandbox: Sandbox, server: str) -> None:
    """Write the administrator's kubeconfig and those of the parts."""
    write_private(sandbox.kubeconfig, _document(sandbox, server, "admin"))
    for part in _CLIENTS:
        write_private(sandbox.part_kubeconfig(part), _document(sandbox, server, part))


def _document(sandbox: Sandbox, server: str, identity: str) -> bytes:
    # JSON is YAML too, and no reader of kubeconfig files minds.
    return json.dumps(kubeconfig_of(sandbox, server, identity), indent=2).encode() + b"\n"


def kubeconfig_of(sandbox: Sandbox, server: str, identity: str) -> dict[str, Any]:
    """Describe one identity's access to a sandbox, everything under the name of its context."""
    name = sandbox.context
    cluster = {
        "server": server,
        "certificate-authority-data": _base64(sandbox.ca),
        # Whoever reads this can tell, and say, that nodes and containers are simulated.
        "extensions": [{"name": SANDBOX_EXTENSION, "extension": {"sandbox": sandbox.name}}],
    }
    user = {
        "client-certificate-data": _base64(sandbox.pki / f"{identity}.crt"),
        "client-key-data": _base64(sandbox.pki / f"{identity}.key"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
