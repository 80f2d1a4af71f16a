"""What tests see of the caller's environment: next to nothing, so that all see the same."""

import os
from pathlib import Path

from stackctl.sandbox.machine.places import Places

# What building programs may need (proxies, mirrors, caches of their own); no test depends on it.
CALLERS = dict(os.environ)
# Where programs are found, and what a test may be told from outside.
KEPT = ("PATH", "PYTHONPATH", "TMPDIR", "KUBEBUILDER_ASSETS", "STACKCTL_SANDBOX_ASSETS")


def bare_environment(home: Path) -> dict[str, str]:
    """Return the environment of somebody whose home is empty, at a terminal of 80 columns.

    Programs of the sandbox stay where the caller has them.
    """
    kept = {name: CALLERS[name] for name in KEPT if name in CALLERS}
    cache = str(Places.of(CALLERS).cache.parents[1])
    return kept | {"HOME": str(home), "XDG_CACHE_HOME": cache, "COLUMNS": "80", "LINES": "24"}
