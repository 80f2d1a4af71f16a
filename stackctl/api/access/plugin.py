"""Runs a credential plugin of a kubeconfig and reads what it prints.

When to run it again is for `credentials`.
"""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from stackctl.api.access import loose_yaml
from stackctl.api.access.access import Access, ExecPlugin
from stackctl.api.wire.trust import authorities
from stackctl.errors import AccessDenied
from stackctl.model.shapes import json_text
from stackctl.model.shapes.shapes import FLAG, TEXT, Secret, Shape, misshapen
from stackctl.secrets import SECRETS, without_assigned

MOST_BYTES = 1 << 20  # no credential is larger, whatever it is
LINE_BYTES = 4096
SAID_PARTS = 100  # of what it says, the end counts
MOST_TOLD = 200  # lines; nobody reads more

Tell = Callable[[str], None]  # what the plugin says on stderr, line by line


# As Go reads RFC 3339: a fraction of any length is fine, and so is an hour of one digit.
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<hour>\d{1,2})(?P<rest>:\d\d:\d\d)(?:[.,]\d+)?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>[0-5]\d))",
    re.ASCII,
)
_ANSWER: Shape = Secret(
    {
        "spec": {"interactive": FLAG},
        "status": {
            "token": TEXT,
            "clientCertificateData": TEXT,
            "clientKeyData": TEXT,
            "expirationTimestamp": TEXT,
        },
    }
)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin gave; `expires` is in seconds since the epoch, None for never."""

    token: str = field(default="", repr=False)
    certificate: str = ""
    key: str = field(default="", repr=False)
    expires: float | None = None


def run_plugin(
    plugin: ExecPlugin, access: Access, env: Mapping[str, str], tell: Tell
) -> Credential:
    """Ask the plugin for credentials.

    Raises:
        AccessDenied: it is missing, fails or prints something else; never an empty credential.
    """
    interactive = plugin.interactive != "Never" and sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive == "Always" and not interactive:
        raise _failed(plugin, "has to ask questions, and there is no terminal")
    variables = {**env, **dict(plugin.env)}
    variables["KUBERNETES_EXEC_INFO"] = json.dumps(_exec_info(plugin, access, interactive))
    # Where we would find it, whatever PATH the variables that are for it say.
    program = shutil.which(plugin.command, path=env.get("PATH")) or plugin.command
    output, said, status = _run(plugin, program, variables, interactive, tell)
    if status:
        how = f"exited with {status}" if status > 0 else f"was killed by signal {-status}"
        last = next((line for line in reversed(said.splitlines()) if line.strip()), "no message")
        raise _failed(plugin, f"{how}: {without_assigned(last.strip())}")
    return read_credential(plugin, output)


def read_credential(plugin: ExecPlugin, output: bytes) -> Credential:
    """Read an ExecCredential."""
    try:
        document = _document_in(output)
    except ValueError as error:
        raise _failed(plugin, "printed what is neither JSON nor YAML") from error
    status = document.get("status") if isinstance(document, dict) else None
    if isinstance(status, dict):
        SECRETS.learn(status.get(key) for key in ("token", "clientKeyData"))
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(status, dict) or kind not in (None, "", "ExecCredential"):
        raise _failed(plugin, "printed no ExecCredential with a status")
    if document.get("apiVersion") != plugin.api_version:
        raise _failed(
            plugin, f"answered in {document.get('apiVersion')}, not in {plugin.api_version}"
        )
    if problems := misshapen(document, _ANSWER):
        raise _failed(plugin, f"printed an ExecCredential that is not right: {problems[0]}")
    credential = Credential(
        token=status.get("token") or "",
        certificate=status.get("clientCertificateData") or "",
        key=status.get("clientKeyData") or "",
        expires=_expiry(plugin, status.get("expirationTimestamp")),
    )
    if bool(credential.certificate) != bool(credential.key):
        raise _failed(plugin, "printed a certificate without its key, or a key alone")
    if not credential.token and not credential.certificate:
        raise _failed(plugin, "printed neither a token nor a certificate")
    return credential


def _document_in(output: bytes) -> Any:
    """Read JSON, or YAML where it does not look like JSON."""
    return (json_text if output.lstrip().startswith(b"{") else loose_yaml).read(output)


def _expiry(plugin: ExecPlugin, stamp: Any) -> float | None:
    if stamp is None:
        return None
    try:
        return _seconds(stamp)
    except (ValueError, OverflowError) as error:
        raise _failed(plugin, "printed an expirationTimestamp that is no time") from error


def _seconds(stamp: str) -> float:
    """Read a time as seconds since the epoch; one before our calendar is long ago.

    Raises:
        ValueError: it is none.
    """
    match = _TIME.fullmatch(stamp)
    if match is None:
        raise ValueError
    day = match["day"] if match["day"] >= "0002" else "0002" + match["day"][4:]
    local = datetime.fromisoformat(f"{day}T{match['hour']:0>2}{match['rest']}+00:00").timestamp()
    if not match["sign"]:
        return local
    offset = int(match["hours"]) * 3600 + int(match["minutes"]) * 60
    return local - offset if match["sign"] == "+" else local + offset


def _run(
    plugin: ExecPlugin, program: str, env: Mapping[str, str], interactive: bool, tell: Tell
) -> tuple[bytes, str, int]:
    said: list[str] = []
    with _start(plugin, program, env, interactive) as process:
        listen = _pass_on if interactive else _tell_lines
        listener = threading.Thread(target=listen, args=(process.stderr, said, tell), daemon=True)
        listener.start()
        try:
            output = process.stdout.read(MOST_BYTES) if process.stdout else b""
            if len(output) == MOST_BYTES:
                process.kill()
            status = process.wait()
        except BaseException:
            process.kill()
            raise
        # A child that the plugin left behind may keep the pipe open; what was said counts.
        listener.join(timeout=1)
    return output, "".join(said), status


def _start(
    plugin: ExecPlugin, program: str, env: Mapping[str, str], interactive: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [program, *plugin.args],
            env=env,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError as error:
        hint = plugin.install_hint or f"install {plugin.command} and put it on PATH"
        raise _failed(plugin, "is not installed", hint=hint) from error
    except OSError as error:
        raise _failed(plugin, error.strerror or str(error)) from error


def _tell_lines(stream: IO[bytes], said: list[str], tell: Tell) -> None:
    """Tell each line while the plugin runs: "open this address in a browser" cannot wait."""
    told = 0
    while line := stream.readline(LINE_BYTES):
        text = line.decode(errors="replace")
        said[:] = [*said[-SAID_PARTS:], text]
        if text.strip() and (told := told + 1) <= MOST_TOLD:
            # What it was given is known to be secret; what it makes of that is not, yet.
            tell(without_assigned(text.rstrip()))


def _pass_on(stream: IO[bytes], said: list[str], _: Tell) -> None:
    """Show what an interactive plugin asks, unfinished lines too."""
    while part := os.read(stream.fileno(), 4096):
        said[:] = [*said[-SAID_PARTS:], part.decode(errors="replace")]
        shown = SECRETS.mask(part.decode(errors="surrogateescape"))
        os.write(2, shown.encode(errors="surrogateescape"))


def _exec_info(plugin: ExecPlugin, access: Access, interactive: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.cluster_info:
        spec["cluster"] = _cluster_info(access)
    return {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}


def _cluster_info(access: Access) -> dict[str, Any]:
    written = access.written
    known = {
        "server": written.server or access.server,
        "tls-server-name": access.tls_server_name,
        "insecure-skip-tls-verify": access.insecure,
        "certificate-authority-data": base64.b64encode(
            authorities(access.ca, access.ca_file)
        ).decode(),
        "proxy-url": written.proxy,
        "disable-compression": not access.compress,
    }
    info = {key: value for key, value in known.items() if value}
    return info | {"config": json.loads(written.config) if written.config else None}


def _failed(plugin: ExecPlugin, what: str, *, hint: str = "") -> AccessDenied:
    # Its words, but no option: some hold secrets.
    words = itertools.takewhile(lambda word: not word.startswith("-"), plugin.args)
    command = " ".join([plugin.command, *words])
    hint = hint or "see how it is called: kubectl config view --minify"
    return AccessDenied(f"credential plugin `{command}` {what}", hint=hint)
