"""Where sandboxes keep their state and their programs, and what the files are called.

Nothing in here reads or writes a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import UsageError

DEFAULT_NAME = "default"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")
# A Unix socket's address holds 108 bytes on Linux and 104 on macOS, its end mark included.
_LONGEST_SOCKET = 100


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The folder of one sandbox, and the files in it."""

    name: str
    root: Path

    @property
    def record(self) -> Path:
        """What runs here."""
        return self.root / "sandbox.json"

    @property
    def lock(self) -> Path:
        """Held by whoever changes this sandbox; beside the folder, which comes and goes."""
        return self.root.with_name(f"{self.name}.lock")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Keys and certificates, except the cluster's CA."""
        return self.root / "pki"

    @property
    def ca(self) -> Path:
        """The certificate of the cluster's CA; its key is `ca.key`."""
        return self.root / "ca.crt"

    @property
    def egress_socket(self) -> Path:
        """Where the agent takes the API server's calls to Services and Pods."""
        return self.root / "egress.sock"

    @property
    def egress_config(self) -> Path:
        """Tells the API server about the egress socket."""
        return self.root / "egress.json"

    @property
    def etcd(self) -> Path:
        """The database."""
        return self.root / "etcd"

    @property
    def context(self) -> str:
        """The name of the context in kubeconfig files."""
        suffix = "" if self.name == DEFAULT_NAME else f"-{self.name}"
        return f"stackctl-sandbox{suffix}"

    @property
    def long(self) -> bool:
        """Whether the socket's absolute path is too long to be an address."""
        return len(str(self.egress_socket).encode()) > _LONGEST_SOCKET

    def log(self, part: str) -> Path:
        """The log of one part."""
        return self.root / f"{part}.log"

    def part_kubeconfig(self, part: str) -> Path:
        """The kubeconfig that one part uses."""
        return self.root / f"{part}.kubeconfig"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one user."""

    state: Path  # one folder per sandbox
    cache: Path  # programs, shared by all sandboxes

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Places":
        """Find the folders as the XDG base directory rules say."""
        home = Path(environment.get("HOME") or Path.home())
        state = environment.get("XDG_STATE_HOME", "")
        cache = environment.get("XDG_CACHE_HOME", "")
        # Relative paths are invalid there and must be ignored, the rules say.
        return cls(
            state=_base(state, home / ".local" / "state") / "stackctl" / "sandbox",
            cache=_base(cache, home / ".cache") / "stackctl" / "sandbox",
        )

    def names(self) -> tuple[str, ...]:
        """Name the sandboxes there are, running or not."""
        return tuple(sorted(path.parent.name for path in self.state.glob("*/sandbox.json")))

    def sandbox(self, name: str) -> Sandbox:
        """Return the place of one sandbox, which need not exist."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"--name: {name!r} cannot name a sandbox",
                hint="use at most 32 lower-case letters, digits and '-'",
            )
        return Sandbox(name, self.state / name)


def _base(value: str, default: Path) -> Path:
    return Path(value) if value.startswith("/") else default
