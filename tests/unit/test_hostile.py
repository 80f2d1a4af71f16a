"""What is no file, no text and no address is named, and nothing waits for it."""

import os
import re
import socket
from pathlib import Path

import pytest

from stackctl.api.wire.addresses import fault_in, is_server_name
from stackctl.cli import run
from stackctl.errors import ConfigError
from stackctl.files import Unreadable, read_file, read_piped
from stackctl.model.objects.quantities import count
from stackctl.model.shapes import json_text
from stackctl.model.shapes.patterns import PatternError, compiled, matches
from stackctl.sources.files import read_catalogue
from stackctl.sources.reading import MOST_BYTES
from tests.unit import fake

SCHEMES = ("https", "http")


def placed(folder: Path, kind: str) -> Path:
    """Put something that is no regular file into a folder."""
    path = folder / "x"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
    return path


@pytest.mark.parametrize("kind", ["pipe", "directory", "device", "socket"])
def test_what_is_no_file_is_said(tmp_path, kind):
    """Neither waited for nor read without end."""
    with pytest.raises(Unreadable, match=rf"found a {kind}|No such device"):
        read_file(placed(tmp_path, kind))


def test_a_file_is_read_up_to_a_size(tmp_path):
    """A byte more is too much."""
    path = tmp_path / "x"
    path.write_bytes(b"x" * 1024)
    assert len(read_file(path, 1024)) == 1024
    path.write_bytes(b"x" * 1025)
    with pytest.raises(Unreadable, match="larger than 1 KiB"):
        read_file(path, 1024)


def test_a_pipe_is_read_where_shells_give_one_and_a_device_not_for_ever(tmp_path):
    """`--kubeconfig <(…)` works; a pipe that nobody writes to is empty."""
    ours, theirs = os.pipe()
    os.write(theirs, b"hello")
    os.close(theirs)
    assert read_piped(Path(f"/dev/fd/{ours}")) == b"hello"
    os.close(ours)
    assert read_piped(placed(tmp_path, "pipe")) == b""
    with pytest.raises(Unreadable, match="larger than"):
        read_piped(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_names_that_no_file_can_have_are_no_bugs(name):
    """Too long, or with a NUL."""
    with pytest.raises(Unreadable):
        read_file(Path(name))
    assert run(["profiles", "--catalog", name.replace("\0", "")]) == 3


def catalogue(folder: Path) -> Path:
    """Write a catalogue with one profile in it."""
    fake.profiles(folder, mine="extends: base")
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "lock --profile base --lock-file NAME",
        "outdated base --offline --lock-file NAME",
        "component new shop --from NAME",
        "component new shop --from ./NAME/a.yaml",
        "component lint ./NAME",
        "export --profile base --format plain NAME",
        "export --profile base --format plain a/NAME/b",
        "render --catalog NAME",
        "render -f NAME",
        "deploy --plan NAME --yes",
        "profile import NAME",
        "status --kubeconfig NAME",
        "sandbox up --assets NAME",
    ],
)
def test_commands_refuse_names_that_are_too_long(tmp_path, monkeypatch, capsys, command):
    """Whatever they are the names of."""
    monkeypatch.chdir(tmp_path)
    assert run([part.replace("NAME", "x" * 300) for part in command.split()]) in (2, 3, 5)
    assert capsys.readouterr().err.startswith("error: ")
    assert list(tmp_path.rglob("*.*")) == []


def test_a_link_that_leads_out_of_a_catalogue_is_refused(tmp_path):
    """Who gave us the catalogue did not mean what lies outside of it."""
    outside = tmp_path / "outside.yaml"
    outside.write_text("secret")
    (tmp_path / "catalogue").mkdir()
    inside = catalogue(tmp_path / "catalogue")
    (inside / "profiles" / "other.yaml").symlink_to(outside)
    with pytest.raises(ConfigError, match=r"other.yaml: leads out of the catalogue"):
        read_catalogue([inside])


def test_a_link_inside_a_catalogue_is_followed(tmp_path):
    """As those that a mounted ConfigMap consists of."""
    inside = catalogue(tmp_path)
    (inside / "profiles" / "mine.yaml").rename(inside / "kept")
    (inside / "profiles" / "mine.yaml").symlink_to("../kept")
    assert "mine" in read_catalogue([inside]).profiles


def test_a_circle_of_links_ends(tmp_path):
    """In a folder of a component, where folders are entered."""
    inside = catalogue(tmp_path)
    folder = inside / "manifests" / "thing" / "base"
    folder.mkdir(parents=True)
    (folder / "again").symlink_to(folder.parent)
    (folder.parent / "component.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Component\nmetadata: {name: thing}\n"
        "spec: {version: 1.0.0, namespace: thing}\n"
    )
    (inside / "profiles" / "mine.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: mine}\n"
        "spec: {components: {thing: {}}}\n"
    )
    assert run(["render", "--profile", "mine", "--catalog", str(inside)]) == 3


def test_a_file_of_a_catalogue_is_no_larger_than_sensible(tmp_path):
    """It is named, and not read to its end."""
    inside = catalogue(tmp_path)
    (inside / "profiles" / "mine.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigError, match=r"mine.yaml: cannot be read: larger than 4 MiB"):
        read_catalogue([inside])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["profiles", "\udcff"], "argument 2: expected a text in UTF-8"),
        (["sandbox", "up", "--port", "99999"], "1<=x<=65535"),
        (["deploy", "--profile", "gpu8", "--yes", "--events", "/dev/full"], "/dev/full: No space"),
        (["deploy", "--profile", "gpu8", "--yes", "--events", "/"], "/: Is a directory"),
    ],
)
def test_arguments_that_cannot_be_meant_are_usage(arguments, said, capsys):
    """Before anything is touched."""
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


def test_events_to_a_pipe_without_a_reader_are_not_waited_for(tmp_path, capsys):
    """Opening it would never end."""
    path = placed(tmp_path, "pipe")
    assert run(["deploy", "--profile", "gpu8", "--yes", "--events", str(path)]) == 2
    assert "nobody reads this pipe" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    ["https://a:1", "http://127.0.0.1", "HTTPS://a", "https://[::1]:6443/path", "https://a_b.c:6443",
     "https://me:secret@a:1", "https://[fe80::1%25eth0]:1"],
)  # fmt: skip
def test_addresses_that_can_be_connected_to(address):
    """As kubectl takes them."""
    assert fault_in(address, SCHEMES) == ""


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://a:99999", "its host or its port cannot be read"),
        ("https://[::1", "its host or its port cannot be read"),
        ("https://::1:6443", "its host or its port cannot be read"),
        ("https://a b", "there are blanks, or letters that are not ASCII, in it"),
        ("https://ä", "there are blanks, or letters that are not ASCII, in it"),
        ("https://a ", "there are blanks, or letters that are not ASCII, in it"),
        ("nonsense", "it does not begin with https:// or http://"),
        ("ftp://a", "it does not begin with https:// or http://"),
        ("https://", "there is no host in it"),
        ("https://..", "its host is no name and no address"),
        (
            "https://me:hunter/2@a:1",
            "its host or its port cannot be read, and a /, a ? or a # before the @ is to be quoted",
        ),
    ],
)
def test_addresses_that_are_none_are_told_without_any_part_of_them(address, fault):
    """There may be a password in it."""
    assert fault_in(address, SCHEMES) == fault


def test_names_of_servers():
    """What a certificate can be for."""
    assert is_server_name("kubernetes.default.svc")
    assert not any(map(is_server_name, ["", "..", "a" * 64, "ä", "a b"]))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", "a-b.c"),
        ("^(a|bc)*d{2,3}$", "abcadd"),
        ("\\d+(\\.\\d+)?", "12.5"),
        ("[^]x]+", "a[b"),
        ("(a|a)*b", "aaab"),
        ("x??y", "y"),
        ("(?:)", ""),
    ],
)
def test_patterns_mean_what_they_mean_to_python(pattern, text):
    """For a whole text, and for those that are a letter longer or shorter."""
    for each in (text, text + "!", text[1:], text[:-1], ""):
        assert matches(pattern, each) is (re.fullmatch(pattern, each) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*b", "(a?){50}a{50}b"])
def test_no_pattern_goes_on_for_ever(pattern):
    """Python's own engine would be at it for longer than the universe is old."""
    assert not matches(pattern, "a" * 2000 + "c")


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[", "*a", "a{3,2}", "(?=a)", "\\1", "(?i)a", "(((a{99}){99}){99})", "(" * 3000],
)
def test_what_cannot_be_matched_in_bounded_time_is_no_pattern(pattern):
    """As for the API server, which has no such things either."""
    with pytest.raises(PatternError, match="no pattern that can be matched"):
        compiled(pattern)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 300 + "]" * 300, "9" * 400, "1e999", "NaN", '"\\ud800"', "{", ""]
)
def test_json_beyond_all_bounds_is_refused(text):
    """By the one error that readers know."""
    with pytest.raises(ValueError, match=r".+"):
        json_text.read(text)


def test_json_is_read_as_it_is():
    """Integers of 64 bits stay what they are, larger ones are floats, as they are to Go."""
    text = '{"a": [9223372036854775807, -9223372036854775808, 18446744073709551616, 1.5, "[[["]}'
    assert json_text.read(text) == {"a": [2**63 - 1, -(2**63), float(2**64), 1.5, "[[["]}
    assert json_text.read("[" * 200 + "]" * 200)


@pytest.mark.parametrize(("quantity", "amount"), [("1k", 1000), ("8", 8), ("1500m", 1), (2, 2)])
def test_things_are_counted_as_quantities(quantity, amount):
    """A node may say that it has 1k of them."""
    assert count(quantity) == amount
