"""A request becomes a stack's name, a selection and a bundle."""

from pathlib import Path

import pytest

from stackctl.actions.components import components
from stackctl.actions.compose import (
    StackRequest,
    compose_stack,
    folders_in,
    select,
    spoken,
)
from stackctl.actions.profiles import profiles
from stackctl.actions.render import render
from stackctl.errors import ConfigError, ConflictError, UsageError
from stackctl.model.ownership.stack_id import StackId
from tests.unit import fake


def stack(folder: Path, spec: str = "profile: large") -> Path:
    """Write a stack file called ml."""
    fake.stack_file(folder, spec)
    return folder / "stack.yaml"


def test_a_profile_is_enough():
    """The stack is called like its profile then."""
    composed = compose_stack(StackRequest(profile="base"))
    assert (composed.stack, composed.bundle.profile, composed.cluster_uid) == (
        StackId("base"),
        "base",
        "",
    )
    assert composed.bundle.digest == render(StackRequest(profile="base", stack="base")).digest


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (StackRequest(), "ml"),
        (StackRequest(profile="large"), "ml"),
        (StackRequest(stack="other"), "other"),
    ],
)
def test_a_stack_file_says_profile_and_name(tmp_path, request_, name):
    """What the command line says about the name beats the file."""
    asked = StackRequest(request_.profile, stack(tmp_path), request_.stack)
    found, selection = select(asked)
    assert (found.name, selection.profile) == (name, "large")


def test_a_stack_file_says_which_cluster(tmp_path):
    """For whoever deploys to compare."""
    spec = "profile: base\ntarget: {context: prod, clusterUID: abc}"
    composed = compose_stack(StackRequest(stack_file=stack(tmp_path, spec)))
    assert composed.cluster_uid == "abc"
    assert composed.selection.target.context == "prod"


def test_another_profile_than_the_stack_files_is_refused(tmp_path):
    """A stack is never switched silently."""
    with pytest.raises(ConflictError, match=r"stack.yaml is for profile large, not base") as error:
        select(StackRequest(profile="base", stack_file=stack(tmp_path)))
    assert "leave out --profile" in error.value.hint


def test_something_has_to_be_asked_for():
    """There is no profile nobody named."""
    with pytest.raises(UsageError, match="which profile"):
        select(StackRequest())


def test_a_missing_stack_file_is_named(tmp_path):
    """As any other file."""
    with pytest.raises(ConfigError, match=r"none.yaml: there is no such file"):
        select(StackRequest(stack_file=tmp_path / "none.yaml"))


def test_catalogues_of_the_user_are_there_too(tmp_path):
    """Profiles and components add to the others."""
    fake.profiles(tmp_path, mine="extends: base")
    assert list(profiles([tmp_path])) == ["base", "large", "loud", "quiet", "mine"]
    assert list(components([tmp_path])) == ["agent", "certs", "web"]
    assert compose_stack(StackRequest(profile="mine", catalogs=(tmp_path,))).selection.chain == (
        "base",
        "mine",
    )


def test_the_folders_that_were_named_can_be_read_out_of_what_was_run():
    """Also those with a space; what somebody else wrote names none."""
    folders = (Path("my catalog"), Path("/b"))
    said = spoken("deploy", StackRequest(profile="team", catalogs=folders, sets=("a.b=c",)))
    assert said == "deploy --profile team --catalog 'my catalog' --catalog /b --set a.b=…"
    assert folders_in(said) == ("my catalog", "/b")
    assert folders_in("rollback 1") == folders_in("it's") == ()


def test_what_is_wrong_with_every_file_is_said_at_once(tmp_path):
    """The stack file and the files of a catalogue, everything that is wrong inside each of them."""
    head = "apiVersion: stackctl.dev/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec:\n"
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(
        head % ("Profile", "mine") + "  extend: base\n"
    )
    file = tmp_path / "stack.yaml"
    patches = "[{kind: Service}]"
    file.write_text(
        head % ("Stack", "ml")
        + f"  profil: base\n  components:\n    web: {{mod: skip, patches: {patches}}}\n"
    )
    with pytest.raises(ConfigError) as error:
        select(StackRequest(stack_file=file, catalogs=(tmp_path,)))
    assert [each.removeprefix(f"{tmp_path}/") for each in error.value.problems] == [
        "stack.yaml:5: spec.profil: unknown key; did you mean profile?",
        "stack.yaml:7: spec.components.web.mod: unknown key; did you mean mode?",
        "stack.yaml:4: spec: profile is missing",
        "stack.yaml:7: spec.components.web.patches[0]: an object needs apiVersion, metadata.name",
        "profiles/mine.yaml:5: spec.extend: unknown key; did you mean extends?",
    ]
