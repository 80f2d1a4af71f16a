"""Tests come to the same in whatever environment they are started."""

import os
from pathlib import Path

from stackctl.sources.folders import SHIPPED
from tests import environment


def test_what_the_caller_has_set_is_not_seen(monkeypatch):
    """Only where programs are found; the width of the terminal and the home are our own."""
    other = {"STACKCTL_PROFILE": "x", "KUBECONFIG": "/x", "COLUMNS": "120"}
    monkeypatch.setattr(environment, "CALLERS", {"PATH": "/bin", "HOME": "/me"} | other)
    assert environment.bare_environment(Path("/empty")) == {
        "PATH": "/bin",
        "HOME": "/empty",
        "XDG_CACHE_HOME": "/me/.cache",
        "COLUMNS": "80",
        "LINES": "24",
    }


def test_the_bare_environment_is_the_one_of_the_tests():
    """The home is of the tests' own, and nothing tells the program what to do."""
    assert Path.home() not in (Path(environment.CALLERS["HOME"]), Path("/"))
    assert {each.name for each in Path.home().iterdir()} <= {".local"}  # what other tests ran there
    known = set(environment.KEPT) | {"HOME", "XDG_CACHE_HOME", "COLUMNS", "LINES"}
    known |= {"PYTEST_CURRENT_TEST", SHIPPED}  # the small catalogue, for the unit tests
    assert set(os.environ) <= known
