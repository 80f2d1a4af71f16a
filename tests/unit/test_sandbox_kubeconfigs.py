"""Kubeconfig files: the sandbox's own, and its context in the user's."""

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackctl.api.access.kubeconfig import find_access
from stackctl.errors import SandboxError
from stackctl.sandbox.machine.places import Places, Sandbox
from stackctl.sandbox.machine.user_kubeconfig import add_context, remove_context, user_kubeconfig
from stackctl.sandbox.plane import pki
from stackctl.sandbox.plane.kubeconfigs import kubeconfig_of, write_kubeconfigs

SERVER = "https://127.0.0.1:1234"
USERS_OWN = """\
# mine
apiVersion: v1
kind: Config
preferences: {}
current-context: work
clusters:
- name: work
  cluster: {server: "https://work:6443", insecure-skip-tls-verify: true}
users:
- name: work
  user: {password: "0123", username: 'on'}
contexts:
- {name: work, context: {cluster: work, user: work}}
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Sandbox:
    home = tmp_path_factory.mktemp("home")
    sandbox = Places.of({"HOME": str(home)}).sandbox("ci")
    sandbox.root.mkdir(parents=True)
    pki.issue_all(sandbox)
    return sandbox


@pytest.fixture
def addition(sandbox) -> dict[str, Any]:
    return kubeconfig_of(sandbox, SERVER, "admin")


def read(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text())
    assert isinstance(document, dict)
    return document


def test_the_kubeconfig_is_private_and_says_that_it_is_a_sandbox(sandbox):
    """Only its owner reads it, and every client of ours sees that the cluster is simulated."""
    write_kubeconfigs(sandbox, SERVER)
    access = find_access(kubeconfig=str(sandbox.kubeconfig), context=None, env={})
    assert (access.server, access.context) == (SERVER, "stackctl-sandbox-ci")
    assert access.simulated
    assert stat.S_IMODE(sandbox.kubeconfig.stat().st_mode) == 0o600


def test_keys_are_private(sandbox):
    """No key can be read by anybody else."""
    keys = [*sandbox.pki.glob("*.key"), sandbox.root / "ca.key"]
    assert len(keys) > 10
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE(sandbox.pki.stat().st_mode) == 0o700


def test_a_sandbox_keeps_its_keys(sandbox):
    """What was issued once is not issued again: kept data is encrypted and signed with it."""
    before = sandbox.ca.read_bytes()
    pki.issue_all(sandbox)
    assert sandbox.ca.read_bytes() == before


def test_a_context_is_added_beside_the_users_own(tmp_path, addition):
    """Everything the user had is still there, with the same meaning, and current."""
    path = tmp_path / "config"
    path.write_text(USERS_OWN)
    add_context(path, addition)
    document = read(path)
    assert [context["name"] for context in document["contexts"]] == ["work", "stackctl-sandbox-ci"]
    assert document["current-context"] == "work"
    assert document["users"][0] == yaml.safe_load(USERS_OWN)["users"][0]
    assert document["clusters"][0] == yaml.safe_load(USERS_OWN)["clusters"][0]


def test_a_context_is_taken_out_again(tmp_path, addition):
    """After adding and removing, the file means what it meant before."""
    path = tmp_path / "config"
    path.write_text(USERS_OWN)
    add_context(path, addition)
    add_context(path, addition)
    remove_context(path, "stackctl-sandbox-ci")
    assert read(path) == yaml.safe_load(USERS_OWN)
    assert [entry.name for entry in tmp_path.iterdir()] == ["config"]


def test_a_file_is_made_where_there_is_none(tmp_path, addition):
    """The only context there is becomes the current one, and goes with the sandbox."""
    path = tmp_path / ".kube" / "config"
    add_context(path, addition)
    access = find_access(kubeconfig=str(path), context=None, env={})
    assert access.server == SERVER
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    remove_context(path, "stackctl-sandbox-ci")
    assert "current-context" not in read(path)


def test_empty_lists_as_kubectl_writes_them_are_filled(tmp_path, addition):
    """`clusters: []` and `contexts: null` are places to add to."""
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\nclusters: []\ncontexts: null\ncurrent-context: ''\n")
    add_context(path, addition)
    assert find_access(kubeconfig=str(path), context=None, env={}).server == SERVER


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_in_another_encoding_is_added_to(tmp_path, addition, encoding):
    """What kubectl reads is written to, aliases and merged entries included."""
    path = tmp_path / "config"
    shared = "x-shared: &shared {insecure-skip-tls-verify: true}\n"
    merged = USERS_OWN.replace("insecure-skip-tls-verify: true", "<<: *shared")
    path.write_bytes((shared + merged).encode(encoding))
    add_context(path, addition)
    access = find_access(kubeconfig=str(path), context="work", env={})
    assert (access.server, access.insecure) == ("https://work:6443", True)
    assert find_access(kubeconfig=str(path), context=addition["current-context"], env={}).simulated


@pytest.mark.parametrize("text", ["{", "[]", "just text", "a: b\n---\na: b\n"])
def test_a_broken_file_is_left_as_it_is(tmp_path, addition, text):
    """What is not a kubeconfig is named, not replaced."""
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(SandboxError, match="config: "):
        add_context(path, addition)
    assert path.read_text() == text


def test_the_file_is_the_one_kubectl_writes_to(tmp_path):
    """KUBECONFIG's first file that exists, or else its last; without it, the one in HOME."""
    first, second = tmp_path / "first", tmp_path / "second"
    environment = {"HOME": str(tmp_path), "KUBECONFIG": f"{first}:{second}"}
    assert user_kubeconfig(environment) == second
    first.touch()
    assert user_kubeconfig(environment) == first
    assert user_kubeconfig({"HOME": str(tmp_path)}) == tmp_path / ".kube" / "config"


def test_a_linked_file_stays_linked(tmp_path, addition):
    """Who keeps the kubeconfig elsewhere keeps it there."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text(USERS_OWN)
    link.symlink_to(real)
    add_context(user_kubeconfig({"KUBECONFIG": str(link)}), addition)
    assert link.is_symlink()
    assert "stackctl-sandbox-ci" in real.read_text()
