"""The helm program: found, asked for its version, and run; the one module that knows pyhelm3.

pyhelm3 runs helm through a shell, logs what it runs, waits without end and tells errors apart by
words. So its `run` is replaced: no shell, values on standard input, nothing logged, a time limit,
and our errors. What is asked for, and what comes of it, is for `charts`.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackctl.errors import RenderError
from stackctl.model.objects.wording import span
from stackctl.secrets import SECRETS

if TYPE_CHECKING:
    from collections.abc import Coroutine

PROGRAM = "STACKCTL_HELM"
SECONDS = 120.0
MOST_BYTES = 64 << 20
LEAST = (3, 17)
_GET = (
    "install Helm 3.17 or newer (https://helm.sh/docs/intro/install), "
    f"or say where it is: export {PROGRAM}=/path/to/helm"
)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_MOST_SHOWN = 2000


class HelmFailed(Exception):
    """Helm ended with an error, in its own words, secrets hidden."""


@dataclass(frozen=True, slots=True)
class Helm:
    """A helm program that is new enough."""

    program: str
    version: str

    def run(self, *asked: "tuple[Sequence[str], bytes | None]") -> list[bytes]:
        """Run helm with arguments and input, several times at once; return what each one wrote.

        Raises:
            HelmFailed: one of them ended with an error, or not in time.
        """
        command = _command(self.program)

        async def together() -> Any:
            # All of them end before this does: no process outlives the loop that waits for it.
            work = [command.run(list(arguments), text) for arguments, text in asked]
            return await asyncio.gather(*work, return_exceptions=True)

        found: list[bytes] = []
        for each in _finished(together()):
            if isinstance(each, BaseException):
                raise each
            found.append(each)
        return found


def find(env: Mapping[str, str] = os.environ) -> Helm:
    """Find helm: the one that is named, or the one on the path.

    Raises:
        RenderError: there is none, or one that is too old.
    """
    named = env.get(PROGRAM, "")
    program = shutil.which(named or "helm", path=env.get("PATH"))
    if program is None:
        what = f"there is no program {named}" if named else "there is no program called helm"
        raise RenderError(f"charts are rendered by Helm, and {what}", hint=_GET)
    version = _asked(program)
    match = _VERSION.match(version)
    if match is None or (int(match[1]), int(match[2])) < LEAST:
        raise RenderError(f"{program} is Helm {version}: 3.17 or newer is needed", hint=_GET)
    return Helm(program, version)


@cache
def _asked(program: str) -> str:
    try:
        version: str = _finished(_command(program).version())
    except HelmFailed as error:
        raise RenderError(f"{program} does not say which version of Helm it is: {error}") from error
    return version.strip()


def _finished(work: "Coroutine[Any, Any, Any]") -> Any:
    return asyncio.run(work)


@cache
def _command(program: str) -> Any:
    """Make pyhelm3's command with a `run` of ours."""
    from pyhelm3 import Command

    class OwnCommand(Command):  # type: ignore[misc]
        """Runs helm without a shell and without a word to any log."""

        async def run(self, command: list[Any], input: bytes | None = None) -> bytes:
            return await _run([program, *map(str, command)], input or b"")

    return OwnCommand(executable=program)


async def _run(command: list[str], text: bytes) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(os.environ),
        )
    except OSError as error:
        raise HelmFailed(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate(text)
    except TimeoutError as error:
        raise HelmFailed(f"helm {command[1]} took longer than {span(SECONDS)}") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise HelmFailed(_told(err))
    if len(out) > MOST_BYTES:
        raise HelmFailed(f"helm {command[1]} wrote more than {MOST_BYTES >> 20} MiB")
    return out


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """Let helm find its credentials, and no cluster: rendering asks none."""
    kept = {key: value for key, value in env.items() if not key.startswith("HELM_KUBE")}
    return kept | {"KUBECONFIG": os.devnull, "HELM_DEBUG": "false"}


def _told(stderr: bytes) -> str:
    """Return what helm says of a failure: its last word, without warnings before it."""
    text = stderr.decode(errors="replace").strip()
    lines = [
        line
        for line in text.splitlines()
        if line.strip() and not line.startswith(("WARNING:", "level=", "time=", "I1", "W1"))
    ]
    found = "\n".join(lines).removeprefix("Error: ").removesuffix(_DEBUG).strip()
    return SECRETS.mask(found or text or "helm said nothing")[:_MOST_SHOWN]


_DEBUG = "Use --debug flag to render out invalid YAML"


def cache_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Return where what was brought and rendered is kept, which may not exist yet."""
    home = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".cache")
    return Path(home) / "stackctl" / "upstream"
