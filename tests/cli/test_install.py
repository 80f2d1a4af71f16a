"""install.sh and the other ways to install, as a user runs them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stackctl.sandbox.machine.places import Places
from tests.environment import CALLERS

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "dirname", "cat", "grep", "ln", "mkdir", "readlink", "rm", "rmdir", "tail", "true")
PROFILES = {path.stem for path in (ROOT / "profiles").glob("*.yaml")}

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Home:
    """Somebody's home, with nothing in it."""

    folder: Path

    @property
    def link(self) -> Path:
        """Return where the program is found."""
        return self.folder / ".local/bin/stackctl"

    def run(
        self, *command: str | Path, path: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as its owner would, with none of our own environment."""
        # Downloads are shared: what is tested is the installation, not the network.
        cache = CALLERS.get("PIP_CACHE_DIR") or str(Path(CALLERS["HOME"]) / ".cache/pip")
        return subprocess.run(
            [str(each) for each in command],
            cwd=self.folder,
            env={
                "HOME": str(self.folder),
                "PATH": path or os.environ["PATH"],
                "PIP_CACHE_DIR": cache,
                **{key: text for key, text in CALLERS.items() if key.startswith("PIP_")},
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run install.sh."""
        return self.run(ROOT / "install.sh", *options, PYTHON=sys.executable, **environment)

    def files(self) -> list[Path]:
        """List what stackctl has left here."""
        return [path for path in self.folder.rglob("*") if "stackctl" in path.name]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder)


@pytest.fixture
def path_with(tmp_path: Path) -> Callable[[str], str]:
    """Return a PATH that has the usual tools and a python3 of our making, and nothing else."""

    def make(python: str) -> str:
        folder = tmp_path / "tools"
        folder.mkdir()
        for tool in TOOLS:
            (folder / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
        (folder / "python3").write_text(python)
        (folder / "python3").chmod(0o755)
        return str(folder)

    return make


def test_install_use_install_again_uninstall(home):
    """A first installation works from anywhere, a second one is no harm, and both go for good."""
    first = home.install()
    assert first.returncode == 0, first.stderr
    assert f"installed: stackctl 0.1.0 as {home.link}" in first.stdout
    assert f"{home.link.parent} is not on your PATH" in first.stdout

    listed = home.run(home.link, "profiles", "-o", "name")
    assert set(listed.stdout.split()) == PROFILES
    rendered = home.run(home.link, "render", "--profile", "gpu8", "-o", "name")
    assert "DaemonSet/nvidia-device-plugin/nvidia-device-plugin" in rendered.stdout

    again = home.install(PATH=f"{home.link.parent}:{os.environ['PATH']}")
    assert again.returncode == 0, again.stderr
    assert "not on your PATH" not in again.stdout
    assert home.run(home.link, "--version").stdout == "stackctl 0.1.0\n"

    removed = home.install("--uninstall")
    assert removed.returncode == 0, removed.stderr
    assert home.files() == []
    assert "nothing to remove" in home.install("--uninstall").stdout


def test_the_last_lines_of_a_quickstart_work_as_they_are_printed(home):
    """Also where the folder of the program is not on PATH: the next thing anybody does is paste."""
    programs = {"XDG_CACHE_HOME": str(Places.of(CALLERS).cache.parents[1])}
    answer = home.install("--quickstart", **programs)
    try:
        assert answer.returncode == 0, answer.stderr
        lines = answer.stdout.rpartition("\n\n")[2].splitlines()
        go_on, look, leave = (line.partition(":  ")[2].strip() or line.strip() for line in lines)
        looked = home.run("sh", "-c", f"set -e; {go_on}\n{look}", **programs)
        assert looked.returncode == 0, looked.stderr
        assert "stack gpu8" in looked.stdout
        (used,) = re.findall(r"use it: (.*)", answer.stderr)
        assert used == go_on.replace("'", "")
        left = home.run("sh", "-c", leave)
        assert left.stdout == "sandbox default down, nothing left (6 processes)\n"
    finally:
        home.run(home.link, "sandbox", "down")


def test_a_half_made_environment_is_made_again(home):
    """An installation that was interrupted does not stand in the way of the next."""
    broken = home.folder / "here/share/stackctl/venv/bin"
    broken.mkdir(parents=True)
    (broken / "python").write_text("#!/bin/sh\nexit 1\n")
    (broken / "python").chmod(0o755)
    installed = home.install("--prefix", "here")
    assert installed.returncode == 0, installed.stderr
    assert home.run(home.folder / "here/bin/stackctl", "--version").returncode == 0


@pytest.mark.parametrize("options", [(), ("--quickstart",), ("--prefix", "here")])
def test_a_dry_run_says_what_it_would_do_and_does_nothing(home, options):
    """Every step is named, and nothing is there afterwards."""
    answer = home.install("--dry-run", *options)
    assert answer.returncode == 0, answer.stderr
    assert "would run:" in answer.stdout
    assert ("sandbox up" in answer.stdout) is ("--quickstart" in options)
    assert list(home.folder.iterdir()) == []


def test_help_says_what_is_touched(home):
    """The two places are named."""
    text = home.install("--help").stdout
    assert "PREFIX/share/stackctl" in text
    assert "PREFIX/bin/stackctl" in text


def only_error(answer: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """Return the one line in which it failed."""
    assert answer.returncode == code, answer.stdout + answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_an_old_python_is_refused_in_one_line(home, path_with):
    """The version that was found is named, and what is needed."""
    old = '#!/bin/sh\ncase "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac\n'
    answer = home.run(ROOT / "install.sh", path=path_with(old))
    assert only_error(answer) == (
        "error: Python 3.11 or newer is needed; python3 is 3.9; set PYTHON to a newer one"
    )


def test_no_python_at_all_is_told_in_one_line(home, path_with):
    """Without any python3 the hint is to name one."""
    path = path_with("")
    (Path(path) / "python3").unlink()
    assert "there is no python3" in only_error(home.run(ROOT / "install.sh", path=path))


def test_a_missing_venv_module_names_the_package(home, path_with):
    """On Debian and Ubuntu, venv is a package of its own."""
    without = (
        f'#!/bin/sh\ncase "$*" in *"import venv"*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    )
    line = only_error(home.run(ROOT / "install.sh", path=path_with(without)))
    version = f"python3.{sys.version_info.minor}"
    assert f"install the package {version}-venv (sudo apt install {version}-venv)" in line


@pytest.mark.parametrize("prefix", ["file/below", "/proc/stackctl"])
def test_a_prefix_that_cannot_be_written_to_is_told_in_one_line(home, prefix):
    """The place is named, and the option that chooses another."""
    (home.folder / "file").write_text("")
    line = only_error(home.install("--prefix", prefix))
    assert prefix.partition("/below")[0] in line
    assert "--prefix DIR" in line


def test_no_network_is_told_in_one_line(home):
    """An index that does not answer is not blamed on stackctl."""
    nowhere = "http://127.0.0.1:9/"
    line = only_error(home.install(PIP_INDEX_URL=nowhere, PIP_EXTRA_INDEX_URL=""))
    assert "the package index cannot be reached" in line


def test_a_file_that_is_not_ours_is_left_alone(home):
    """Another program of that name is neither overwritten nor removed."""
    home.link.parent.mkdir(parents=True)
    home.link.write_text("mine")
    assert "is not ours" in only_error(home.install())
    home.install("--uninstall")
    assert home.link.read_text() == "mine"


@pytest.mark.parametrize("options", ["--no-such", "--prefix", "--quickstart --uninstall"])
def test_a_wrong_option_is_a_usage_error(home, options):
    """The option is named, and nothing is done."""
    assert only_error(home.install(*options.split()), code=2)
    assert list(home.folder.iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--editable",)], ids=["wheel", "editable"])
def test_pip_finds_the_catalogue_in_each_way_to_install(home, options):
    """profiles/ and manifests/ come along, in a wheel and in an editable installation."""
    venv = home.folder / "venv"
    home.run(sys.executable, "-m", "venv", venv)
    installed = home.run(venv / "bin/python", "-m", "pip", "install", "-q", *options, str(ROOT))
    assert installed.returncode == 0, installed.stderr
    listed = home.run(venv / "bin/stackctl", "profiles", "-o", "name")
    assert set(listed.stdout.split()) == PROFILES
    described = home.run(venv / "bin/stackctl", "components", "kserve")
    assert described.returncode == 0, described.stderr
