"""The folder of an export: what was written there is kept up, what is somebody else's stays."""

import hashlib
import stat

import pytest

from stackctl.cli import run
from stackctl.errors import ConfigError, ConflictError
from stackctl.model.export.exported import ExportFile
from stackctl.sources.export_folder import LIST, write_export

ONE = (ExportFile("a/x.yaml", "x: 1\n"), ExportFile("a/y.yaml", "y: 1\n"), ExportFile("top", "t\n"))
TWO = (ExportFile("a/x.yaml", "x: 2\n"), ExportFile("b/z.yaml", "z: 1\n"), ExportFile("top", "t\n"))


PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: plugin, description: one component}
spec: {components: {nvidia-device-plugin: {}}}
"""


def exporting(tmp_path, *words):
    """Type an export of a profile of one component."""
    profiles = tmp_path / "catalogue" / "profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    (profiles / "plugin.yaml").write_text(PROFILE)
    return ["export", "--profile", "plugin", "--catalog", str(profiles.parent), *words]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LIST
    }


def as_written(files):
    return {file.path: file.text for file in files}


def test_an_export_replaces_the_one_before_it(tmp_path):
    """What is not in it any more goes, an emptied folder too; what is the same is left alone."""
    folder = tmp_path / "new" / "export"
    assert write_export(folder, ONE).written == ("a/x.yaml", "a/y.yaml", "top")
    before = (folder / "top").stat().st_mtime_ns
    found = write_export(folder, TWO)
    assert found.written == ("a/x.yaml", "b/z.yaml")
    assert found.unchanged == ("top",)
    assert found.removed == ("a/y.yaml",)
    assert contents(folder) == as_written(TWO)
    assert (folder / "top").stat().st_mtime_ns == before
    write_export(folder, [TWO[2]])
    assert not (folder / "a").exists()


def test_files_of_others_stay(tmp_path):
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes").write_text("mine")
    write_export(tmp_path, ONE)
    write_export(tmp_path, [ONE[2]])
    assert contents(tmp_path) == {"README.md": "ours", "a/notes": "mine", "top": "t\n"}


@pytest.mark.parametrize("path", ["a/x.yaml", "a/y.yaml"], ids=["wanted again", "on its way out"])
def test_what_was_edited_is_named_and_nothing_is_touched(tmp_path, path):
    write_export(tmp_path, ONE)
    (tmp_path / path).write_text("edited: true\n")
    before = contents(tmp_path)
    with pytest.raises(ConflictError, match=path):
        write_export(tmp_path, TWO)
    assert contents(tmp_path) == before
    write_export(tmp_path, TWO, overwrite=True)
    assert contents(tmp_path) == as_written(TWO)


def test_a_file_that_no_export_wrote_is_not_replaced(tmp_path):
    """Unless it says the same already."""
    (tmp_path / "top").write_text("t\n")
    write_export(tmp_path, [ONE[2]])
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.yaml").write_text("mine")
    with pytest.raises(ConflictError, match=r"a/x\.yaml"):
        write_export(tmp_path, ONE)


def test_an_export_that_was_killed_is_gone_on_with(tmp_path):
    """The list has what was about to be written before any of it is."""
    write_export(tmp_path, ONE)
    sums = [*(tmp_path / LIST).read_text().splitlines()[1:]]
    sums += [f"{hashlib.sha256(file.text.encode()).hexdigest()}  {file.path}" for file in TWO]
    (tmp_path / LIST).write_text("\n".join(sums) + "\n")  # as it is in between
    (tmp_path / "a" / "x.yaml").write_text(TWO[0].text)
    write_export(tmp_path, ONE)
    assert contents(tmp_path) == as_written(ONE)


def test_nothing_is_written_or_taken_away_outside(tmp_path):
    """Not through a link, and not because the list says so."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text("x: 1\n")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "a").symlink_to(outside)
    with pytest.raises(ConflictError, match="expected a folder"):
        write_export(folder, TWO, overwrite=True)
    assert (outside / "x.yaml").read_text() == "x: 1\n"
    (folder / "a").unlink()
    total = hashlib.sha256(b"x: 1\n").hexdigest()
    (folder / LIST).write_text(f"{total}  ../outside/x.yaml\n{total}  {outside}/x.yaml\n")
    write_export(folder, TWO)
    assert (outside / "x.yaml").read_text() == "x: 1\n"


def test_a_file_that_is_a_link_is_replaced_only_when_told_and_its_target_never(tmp_path):
    (tmp_path / "target").write_text("mine")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "top").symlink_to(tmp_path / "target")
    with pytest.raises(ConflictError, match="top"):
        write_export(folder, ONE)
    write_export(folder, ONE, overwrite=True)
    assert (tmp_path / "target").read_text() == "mine"
    assert contents(folder) == as_written(ONE)


def test_what_is_secret_is_for_its_owner(tmp_path):
    write_export(tmp_path, [ExportFile("s", "x", private=True)])
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_one_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        write_export(tmp_path / "file", ONE)


@pytest.mark.usefixtures("some_shipped")
def test_the_command_writes_says_so_and_writes_no_less_the_second_time(tmp_path, capsys):
    line = exporting(tmp_path, "--format", "plain", str(tmp_path / "out"))
    assert run(line) == 0
    first = capsys.readouterr().out
    assert "exported: stack plugin, profile plugin, for plain" in first
    assert "kubectl apply --server-side -R -f" in first
    assert run(line) == 0
    assert "0 files written" in capsys.readouterr().out


@pytest.mark.usefixtures("some_shipped")
def test_the_folder_in_the_repository_is_found(tmp_path, capsys):
    """As it lies in the Git checkout."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "clusters" / "a"
    words = ["--format", "argocd", "--repository", "https://git.example.com/ml.git", str(folder)]
    assert run(exporting(tmp_path, *words)) == 0
    assert "path: clusters/a\n" in (folder / "application.yaml").read_text()
    capsys.readouterr()
