"""Starting is fast because little is loaded: which modules a command may not touch."""

import json
import os
import subprocess
import sys

import pytest

SLOW = {"pydantic", "requests", "kubernetes", "docker", "pyhelm3", "urllib3", "cryptography"}
PROBE = """
import json, sys
sys.argv = ["stackctl", *json.loads(sys.argv[1])]
from stackctl.__main__ import main
sys.stdout.write = lambda text: len(text)
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def loaded(*arguments: str) -> set[str]:
    """Run one command line in a fresh Python and list the modules it has loaded."""
    line = [sys.executable, "-c", PROBE, json.dumps(arguments)]
    answer = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    code, modules = json.loads(answer.stderr)
    assert code == 0
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("line", ["--help", "deploy --help", "sandbox --help", "version"])
def test_help_loads_no_client_and_no_parser(line):
    """Not even YAML or rich are needed to print help."""
    assert loaded(*line.split()) & (SLOW | {"yaml", "rich"}) == set()


@pytest.mark.parametrize("line", ["profiles", "profiles -o json"])
def test_an_offline_command_loads_no_client(line):
    """Reading profiles needs YAML and nothing else that is slow."""
    assert loaded(*line.split()) & (SLOW | {"rich"}) == set()


@pytest.mark.parametrize(
    "line", ["stackctl deploy gp", "stackctl deploy --set spark-operator.w", "stackctl dep"]
)
def test_completion_without_a_cluster_loads_little(line):
    """Somebody waits with a finger on a key: no client, and nothing that is checked."""
    asked = {"_STACKCTL_COMPLETE": "bash", "_STACKCTL_LINE": line}
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, "[]"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, modules = json.loads(answer.stderr)
    assert code == 0
    assert {name.partition(".")[0] for name in modules} & (SLOW | {"rich"}) == set()
    heavy = tuple(
        f"stackctl.{room}"
        for room in ("api", "cluster", "actions", "model.catalogue", "model.ownership")
    )
    assert [name for name in modules if name.startswith(heavy)] == []


def test_the_version_loads_next_to_nothing():
    """`stackctl --version` is answered before typer is loaded."""
    assert loaded("--version") & (SLOW | {"yaml", "rich", "typer"}) == set()
