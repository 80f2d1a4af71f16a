"""A stack looked at where the catalogue that made it is not: compared with its record, and said."""

import shutil
from dataclasses import replace

import pytest

from stackctl.actions.deploy import deploy
from stackctl.actions.diff import diff
from stackctl.actions.inherit import resumed
from stackctl.actions.status import status
from stackctl.errors import ConfigError
from stackctl.model.plan.plan import Action
from stackctl.model.run.events import Notice
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack, write_as


@pytest.fixture
def made(stack: Stack, tmp_path) -> Shelf:
    """A stack made from a catalogue of its own."""
    shelf = Shelf(tmp_path, stack.name)
    shelf.put("a", "1.0.0", stack.namespace(), stack.config("x", key="ours"))
    deploy(
        shelf.request(),
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=stack.options(),
    )
    return shelf


def test_the_record_says_what_a_revision_was_made_from(stack, made):
    """The folders and what was in them; as long as that is here, nothing is said."""
    found = status(stack.id, stack.connection)
    assert [each.folder for each in found.release.sources] == ["shipped", str(made.folder)]
    assert found.made_elsewhere == ()


def test_the_status_says_that_what_made_it_is_not_here(stack, made):
    """Another content counts as well, and is no reason not to be current."""
    made.put("a", "1.0.0", stack.namespace(), stack.config("x", key="another"))
    found = status(stack.id, stack.connection)
    assert [each.folder for each in found.made_elsewhere] == [str(made.folder)]
    assert found.current


def test_a_diff_compares_with_what_was_applied_and_says_so(stack, made):
    """Where nothing is named and nothing here could make the stack."""
    path = f"/api/v1/namespaces/{stack.name}/configmaps/x"
    write_as(stack.client, "kubectl-edit", path, {"data": {"key": "theirs"}})
    nothing = replace(made.request(), profile=None, catalogs=())
    request = resumed(nothing, stack.id, stack.connection)
    stack.told.clear()
    plan = diff(request, stack.connection, stack.tell)
    assert plan.counts[Action.UPDATE] == 1
    (told,) = [each.text for each in stack.told if isinstance(each, Notice)]
    assert str(made.folder) in told
    assert f"is here and was not named (--catalog {made.folder})" in told
    assert told.endswith("compared with what that revision applied")
    shutil.rmtree(made.folder)
    stack.told.clear()
    diff(request, stack.connection, stack.tell)
    (told,) = [each.text for each in stack.told if isinstance(each, Notice)]
    assert "is not here, or not as it was" in told


def test_what_is_named_has_to_be_here(stack, made):
    """A profile that is asked for and unknown is the mistake that it is anywhere."""
    with pytest.raises(ConfigError, match="no profile is called shelf"):
        diff(replace(made.request(), catalogs=()), stack.connection, stack.tell)


def test_what_is_set_has_nothing_to_be_set_on_without_the_catalogue(stack, made):
    """That nothing would change is no answer to somebody who sets something."""
    asked = replace(made.request(), profile=None, catalogs=(), sets=("a.key=mine",))
    request = resumed(asked, stack.id, stack.connection)
    with pytest.raises(ConfigError, match="no profile is called shelf"):
        diff(request, stack.connection, stack.tell)
