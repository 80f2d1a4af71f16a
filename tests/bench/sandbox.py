"""How long it takes from nothing to a running stack, and again with nothing to do.

Run with `python -m tests.bench.sandbox`; the control plane's programs should be cached.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from subprocess import run

STACKCTL = str(Path(sys.executable).with_name("stackctl"))
PROFILE = "gpu8"


def main() -> None:
    """Print the seconds of each step."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        os.environ.pop("KUBECONFIG", None)
        try:
            steps = {
                "sandbox up": ["sandbox", "up", "--name", "bench"],
                f"deploy {PROFILE}": ["deploy", "--profile", PROFILE, "--yes"],
                "deploy again": ["deploy", "--profile", PROFILE, "--yes"],
                "status": ["status"],
                "diff": ["diff", "--profile", PROFILE],
                "teardown": ["teardown", "--yes"],
            }
            for name, arguments in steps.items():
                seconds = _timed(arguments, folder)
                sys.stdout.write(f"{name:<16}{seconds:>7.2f} s\n")
        finally:
            _timed(["sandbox", "down", "--name", "bench"], folder)


def _timed(arguments: list[str], folder: str) -> float:
    kubeconfig = Path(folder) / "stackctl" / "sandbox" / "bench" / "kubeconfig"
    target = {"KUBECONFIG": str(kubeconfig)} if kubeconfig.exists() else {}
    began = time.perf_counter()
    run([STACKCTL, *arguments], check=True, capture_output=True, env=os.environ | target)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
