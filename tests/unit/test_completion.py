"""What can stand where a line is being typed, and how each shell is told."""

import pytest

from stackctl.cli import command_line, run
from stackctl.cli.options.shells import SCRIPTS, answer, split
from tests.unit import fake

BREAKS = " \t\n\"'><=;|&(:"
CONFIG = """
apiVersion: v1
kind: Config
contexts:
- {name: "prod: east", context: {cluster: a}}
- {name: arn:aws:eks:x/prod, context: {cluster: b}}
"""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """Use the small catalogue, two contexts and two sandboxes."""
    monkeypatch.setenv("STACKCTL_SHIPPED_CATALOG", str(fake.FOLDER))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    for name in ("first", "second"):
        folder = tmp_path / "stackctl" / "sandbox" / name
        folder.mkdir(parents=True)
        (folder / "sandbox.json").touch()
    extra = tmp_path / "extra" / "profiles"
    extra.mkdir(parents=True)
    (extra / "mine.yaml").write_text("metadata: {name: mine, description: My own}\n")


def test_a_component_is_described_wherever_its_file_says_what_it_is(tmp_path):
    """Its spec is not parsed for that, unless it stands first."""
    for name, text in {
        "first": "metadata: {name: first, description: One}\nspec: {broken",
        "last": "spec: {version: 1.0.0}\nmetadata: {name: last, description: Two}\n",
    }.items():
        folder = tmp_path / "extra" / "manifests" / name
        folder.mkdir(parents=True)
        (folder / "component.yaml").write_text(text)
    line = "stackctl components --catalog extra "
    found = offered(f"{line}fir", "fish") + offered(f"{line}las", "fish")
    assert found == ["first\tOne", "last\tTwo"]


def offered(line: str, shell: str = "bash") -> list[str]:
    asked = {"_STACKCTL_COMPLETE": shell, "_STACKCTL_LINE": line, "_STACKCTL_BREAKS": BREAKS}
    return answer(command_line(), asked).splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stackctl dep", ["deploy"]),
        ("stackctl --context prod dep", ["deploy"]),
        ("stackctl sandbox kube", ["kubeconfig"]),
        ("stackctl deploy lar", ["large"]),
        ("stackctl deploy --profile l", ["large", "loud"]),
        ("stackctl deploy --profile=l", ["large", "loud"]),
        ("stackctl deploy -p lar", ["large"]),
        ("stackctl profiles q", ["quiet"]),
        ("stackctl deploy large+lo", ["large+loud"]),
        ("stackctl deploy large+loud+l", []),
        ("stackctl component new x --from k", ["files"]),
        ("stackctl components w", ["web"]),
        ("stackctl adopt w", ["web"]),
        ("stackctl deploy --set w", ["web."]),
        ("stackctl deploy --set web.rep", ["web.replicas="]),
        ("stackctl deploy --set=web.rep", ["web.replicas="]),
        ("stackctl deploy --set web.name", ["web.namespace="]),
        ("stackctl deploy --set web.features.f", ["web.features.fast="]),
        ("stackctl deploy --set web.features.fast=", ["true", "false"]),
        ("stackctl deploy --set web.level=", ["debug", "info", "error"]),
        ("stackctl deploy --set web.level=i", ["info"]),
        ("stackctl deploy --set web.metrics=", ["true", "false"]),
        ("stackctl deploy --set web.replicas=", []),
        ("stackctl status -o js", ["json"]),
        ("stackctl status --output=js", ["json"]),
        ("stackctl deploy --on-failure r", ["rollback"]),
        ("stackctl schema st", ["stack"]),
        ("stackctl status --context prod", ["prod:\\ east"]),
        ("stackctl --context prod", ["prod:\\ east"]),
        ("stackctl status --context arn:aws:", ["eks:x/prod"]),
        ("stackctl sandbox status --name ", ["first", "second"]),
        ("stackctl sandbox logs api", ["apiserver"]),
        ("stackctl help dep", ["deploy"]),
        ("stackctl help sandbox do", ["down"]),
        ("stackctl deploy --catalog extra --profile mi", ["mine"]),
        ("stackctl deploy mi", []),
        ("stackctl deploy -f st", ["files"]),
        ("stackctl deploy --catalog=", ["files"]),
        ("stackctl --plan x", ["files"]),
        ("stackctl deploy --no-such-option x", []),
        ("stackctl deploy --set nothing.x", []),
        ('stackctl status --context "prod', ["prod:\\ east"]),
    ],
)
def test_what_is_typed_is_completed(line, expected):
    """Commands, options' values, names; of what bash takes for several words, the last."""
    assert offered(line) == expected


def test_catalogues_of_the_environment_are_known(monkeypatch):
    """As they are to every command."""
    monkeypatch.setenv("STACKCTL_CATALOG", "extra")
    assert offered("stackctl deploy mi") == ["mine"]


def test_values_that_are_generated_are_offered_to_be_made_anew(monkeypatch, tmp_path):
    """And no other parameter."""
    folder = tmp_path / "extra" / "manifests" / "store"
    folder.mkdir(parents=True)
    parameters = "{size: {}, password: {generate: password, description: Of the owner}}"
    (folder / "component.yaml").write_text(
        f"metadata: {{name: store}}\nspec: {{parameters: {parameters}}}\n"
    )
    monkeypatch.setenv("STACKCTL_SHIPPED_CATALOG", str(tmp_path / "extra"))
    assert offered("stackctl credentials --rotate s") == ["store.password"]


def test_a_file_that_is_no_catalogue_spoils_nothing(monkeypatch, tmp_path):
    """The others are offered, and no error comes in the middle of a word."""
    (tmp_path / "extra" / "profiles" / "bad.yaml").write_text("{")
    assert offered("stackctl deploy --catalog extra --profile mi") == ["mine"]
    assert offered("stackctl deploy --catalog nowhere --profile l") == []
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "extra" / "profiles" / "bad.yaml"))
    assert offered("stackctl status --context p") == []
    assert offered("stackctl status --stack p") == []


def test_zsh_is_told_after_what_no_blank_follows():
    """Each offer with what it is; a colon of its own is no separator."""
    assert offered("stackctl deploy --set web.rep", "zsh") == ["+web.replicas=:Servers"]
    assert offered("stackctl deploy --profile=lou", "zsh")[0].startswith("---profile=loud:")
    assert offered("stackctl --context arn", "zsh") == ["-arn\\:aws\\:eks\\:x/prod:b"]


def test_fish_is_told_what_each_offer_is():
    """With a tab between."""
    assert offered("stackctl deploy --set web.rep", "fish") == ["web.replicas=\tServers"]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("stackctl ", ([], "")),
        ("stackctl dep", ([], "dep")),
        ("stackctl deploy ", (["deploy"], "")),
        ("stackctl deploy 'a b' c\\ d", (["deploy", "a b"], "c d")),
        ("stackctl deploy 'a b", (["deploy"], "a b")),
        ("", ([], "")),
    ],
)
def test_a_line_is_taken_apart_as_a_shell_does(line, parts):
    """A quote that is open does no harm."""
    assert split(line) == parts


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_gets_its_script(shell, capsys):
    """The one that asks us in the way that we answer."""
    assert run(["completion", shell]) == 0
    assert f"_STACKCTL_COMPLETE={shell}" in capsys.readouterr().out


def test_every_option_with_names_offers_them():
    """Whatever is called NAME has something to offer, but for names that are free."""
    from tests.unit.test_cli_help import COMMANDS

    free = {"record_namespace"}
    for path, command in COMMANDS.items():
        for param in command.params:
            if param.metavar == "NAME" and param.name not in free:
                assert param._custom_shell_complete, (path, param.name)
