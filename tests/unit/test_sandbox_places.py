"""Where a sandbox keeps its files, and under which key its programs are cached."""

import re
from pathlib import Path

import pytest

import stackctl
from stackctl.errors import UsageError
from stackctl.sandbox.machine.places import Places
from stackctl.sandbox.plane.parts import (
    PARTS,
    Plane,
    Ports,
    command_of,
    egress_config,
    environment_of,
)
from stackctl.sandbox.programs.versions import (
    ETCD,
    KUBERNETES,
    KWOK,
    MODULE,
    MODULE_FILES,
    Platform,
    module_digest,
    version_key,
)

LINUX = Platform("linux", "amd64")


def test_folders_follow_the_xdg_rules():
    """State and cache are where the user's environment puts them."""
    places = Places.of({"HOME": "/h", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c"})
    assert places.sandbox("ci").root == Path("/s/stackctl/sandbox/ci")
    assert places.cache == Path("/c/stackctl/sandbox")


def test_folders_have_defaults_in_the_home():
    """Without XDG variables, or with relative ones, the defaults in HOME are used."""
    places = Places.of({"HOME": "/h", "XDG_STATE_HOME": "relative"})
    assert places.state == Path("/h/.local/state/stackctl/sandbox")
    assert places.cache == Path("/h/.cache/stackctl/sandbox")


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", "-a", "a" * 33])
def test_a_name_that_is_no_folder_is_refused(name):
    """A sandbox's name can lead nowhere but into its own folder."""
    with pytest.raises(UsageError):
        Places.of({"HOME": "/h"}).sandbox(name)


def test_contexts_are_named_after_their_sandbox():
    """The default sandbox's context is short, others carry their name."""
    places = Places.of({"HOME": "/h"})
    assert places.sandbox("default").context == "stackctl-sandbox"
    assert places.sandbox("ci").context == "stackctl-sandbox-ci"


def test_the_versions_are_those_of_the_module():
    """What is downloaded and what is built are the same versions."""
    module = (MODULE / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{KUBERNETES}\n" in module
    assert f"go.etcd.io/etcd/server/v3 v{ETCD}\n" in module
    assert f"sigs.k8s.io/kwok v{KWOK}\n" in module
    staged = set(re.findall(r"=> k8s\.io/\S+ (\S+)", module))
    assert staged == {f"v0{KUBERNETES.removeprefix('1')}"}


def test_a_changed_module_has_another_key(tmp_path):
    """Programs built from one source are never taken for those of another."""
    for name in MODULE_FILES:
        (tmp_path / name).write_bytes((MODULE / name).read_bytes())
    assert module_digest(tmp_path) == module_digest()
    (tmp_path / "main.go").write_text("package main\n")
    assert module_digest(tmp_path) != module_digest()


def test_the_key_tells_platforms_apart():
    """A home shared by two kinds of machines has programs for each."""
    assert version_key(LINUX, "abc") != version_key(Platform("linux", "arm64"), "abc")


def plane(root: str) -> Plane:
    sandbox = Places.of({"XDG_STATE_HOME": root, "HOME": "/h"}).sandbox("x")
    return Plane(sandbox, Ports(1, 2, 3), Path("/programs"), (Path("/stages/pod.yaml"),))


def test_a_long_path_does_not_make_a_long_socket_address():
    """The socket's address stays below what the system allows, wherever the folder is."""
    for root in ("/s", "/" + "long/" * 40):
        selection = egress_config(plane(root))["egressSelections"][0]
        address = selection["connection"]["transport"]["uds"]["udsName"]
        assert len(address) < 100
        state_dir = command_of("agent", plane(root))[-1]
        assert str(Path(state_dir) / "egress.sock") == address


def test_everything_listens_on_loopback_only():
    """No part of a sandbox can be reached from another machine."""
    for part in PARTS:
        for argument in command_of(part, plane("/s")):
            assert "0.0.0.0" not in argument
    assert "--bind-address=127.0.0.1" in command_of("apiserver", plane("/s"))


def test_no_secret_is_in_an_argument():
    """Arguments can be read by everybody on the machine: they name files at most."""
    for part in PARTS:
        assert "PRIVATE" not in " ".join(command_of(part, plane("/s")))


def test_the_parts_do_not_use_the_users_proxy():
    """All addresses of a sandbox are inside it."""
    environment = {"HTTPS_PROXY": "http://p", "no_proxy": "x", "PATH": "/bin"}
    names = environment_of(plane("/s").sandbox, environment)
    assert not [name for name in names if name.lower().endswith("_proxy")]
    assert names["PATH"] == "/bin"


def test_the_agent_is_the_one_of_the_package_that_starts_it():
    """Wherever it is run from, and whichever else is installed."""
    first, theirs = environment_of(plane("/s").sandbox, {"PYTHONPATH": "/theirs"})[
        "PYTHONPATH"
    ].split(":")
    assert Path(stackctl.__file__).parent == Path(first) / "stackctl"
    assert theirs == "/theirs"
