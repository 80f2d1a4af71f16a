"""Which programs a sandbox is made of, in which versions, and what they are cached under.

The versions are pinned a second time in `controlplane/go.mod`; a test compares the two.
"""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

KUBERNETES = "1.36.3"
ETCD = "3.6.8"
KWOK = "0.8.0"

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
MODULE = Path(__file__).parent / "controlplane"
MODULE_FILES = ("go.mod", "go.sum", "main.go")

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Platform:
    """What the programs must run on, in the words of their releases."""

    os: str
    arch: str

    def __str__(self) -> str:
        return f"{self.os}-{self.arch}"


def this_platform() -> Platform:
    """Describe the machine we run on."""
    machine = platform.machine()
    return Platform(platform.system().lower(), _ARCHITECTURES.get(machine.lower(), machine.lower()))


def module_digest(module: Path = MODULE) -> str:
    """Hash the source of the control plane, so that a changed module is not served from cache."""
    content = hashlib.sha256()
    for name in MODULE_FILES:
        content.update((module / name).read_bytes())
    return content.hexdigest()[:8]


def version_key(target: Platform, digest: str) -> str:
    """Name the cache folder of one set of programs."""
    return f"kubernetes-{KUBERNETES}_etcd-{ETCD}_kwok-{KWOK}_{target}_{digest}"
