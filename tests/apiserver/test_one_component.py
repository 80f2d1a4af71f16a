"""One component of a stack changed alone: the others stay, in the cluster and in the record."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from stackctl.actions.deploy import deploy
from stackctl.actions.diff import diff
from stackctl.actions.lock import lock
from stackctl.actions.one_component import teardown_only
from stackctl.actions.rollback import rollback
from stackctl.actions.upgrade import upgrade
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.record import releases
from stackctl.errors import ConflictError, NotReadyError, UsageError
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import Entry, Release, ReleaseStatus
from stackctl.sources import yaml
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack, write_as

QUICK = RunOptions(timeout=60.0, holder="tester@here")


def fill(stack: Stack, shelf: Shelf, version: str) -> None:
    """Publish a version of a store, of a site that needs it, and of something else."""
    text = {
        "type": "string",
        "default": version,
        "description": "for tests",
        "places": [{"object": "ConfigMap/site", "path": "data.key"}],
    }
    shelf.put(
        "store",
        version,
        stack.namespace(),
        stack.config("store", key=version),
        provides=["store"],
    )
    shelf.put(
        "site",
        version,
        stack.namespace(),
        stack.config("site", key=version),
        requires=["store"],
        parameters={"text": text},
    )
    shelf.put("other", version, stack.namespace(), stack.config("other", key=version))


@pytest.fixture
def shelf(stack, tmp_path):
    """A catalogue of three components in one namespace, in their first version."""
    made = Shelf(tmp_path, stack.name)
    fill(stack, made, "1.0.0")
    return made


def run(stack: Stack, shelf: Shelf, *only: str, action=deploy, options=QUICK, **request):
    asked = replace(shelf.request(), only=only, **request)
    return action(
        asked, stack.connection, agree=lambda *_: True, notify=stack.tell, options=options
    )


def taken_out(stack: Stack, *only: str, **options):
    return teardown_only(
        stack.id,
        only,
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=replace(QUICK, **options),
    )


def release(stack: Stack) -> Release:
    return releases.current(stack.client, stack.id).release


def entries(stack: Stack, *components: str) -> list[Entry]:
    return [each for each in release(stack).inventory if each.component in components]


def values(stack: Stack) -> Mapping[str, str | None]:
    found = {name: stack.get(f"configmaps/{name}") for name in ("store", "site", "other")}
    return {name: each["data"]["key"] if each else None for name, each in found.items()}


def scribble(stack: Stack, name: str) -> None:
    """Somebody else writes to an object of the stack."""
    path = f"/api/v1/namespaces/{stack.name}/configmaps/{name}"
    write_as(stack.client, "kubectl-edit", path, {"data": {"key": "edited"}})


def test_the_others_stay_as_they_are_and_as_they_are_recorded(stack, shelf):
    """Newer versions and drift of them wait for a run that is about them, which sees both."""
    run(stack, shelf)
    before = entries(stack, "store", "other")
    scribble(stack, "other")
    fill(stack, shelf, "2.0.0")
    outcome = run(stack, shelf, "site")
    assert {change.component for change in outcome.plan.changes} == {"site"}
    assert values(stack) == {"store": "1.0.0", "site": "2.0.0", "other": "edited"}
    assert entries(stack, "store", "other") == before
    found = release(stack)
    assert found.status is ReleaseStatus.DEPLOYED
    assert found.components == {"store": "1.0.0", "site": "2.0.0", "other": "1.0.0"}
    assert "--only site" in found.command
    plan = diff(shelf.request(), stack.connection, stack.tell)
    changed = {each.ref.name for each in plan.changes if each.action is Action.UPDATE}
    assert changed >= {"store", "other"}
    assert "site" not in changed
    # What is recorded can be gone back to.
    again = rollback(
        stack.id, 1, stack.connection, agree=lambda *_: True, notify=stack.tell, options=QUICK
    )
    assert again.release is not None
    assert values(stack) == {"store": "1.0.0", "site": "1.0.0", "other": "1.0.0"}


def test_a_second_run_on_the_same_component_changes_nothing(stack, shelf):
    run(stack, shelf)
    fill(stack, shelf, "2.0.0")
    run(stack, shelf, "site")
    assert run(stack, shelf, "site").release is None


def test_a_stack_can_begin_with_some_of_its_components(stack, shelf):
    """With what they need; and the namespace that another one would have brought."""
    with pytest.raises(ConflictError, match="site needs store") as refusal:
        run(stack, shelf, "site")
    assert "--only site --only store" in refusal.value.hint
    run(stack, shelf, "other")
    assert values(stack) == {"store": None, "site": None, "other": "1.0.0"}
    run(stack, shelf, "site", "store")
    assert values(stack) == {"store": "1.0.0", "site": "1.0.0", "other": "1.0.0"}
    assert run(stack, shelf).plan.counts[Action.CREATE] == 0
    assert stack.teardown().residue == ()


def test_what_was_set_for_the_others_holds_on(stack, shelf):
    """What is set for one that is not touched would do nothing, and is refused."""
    run(stack, shelf, sets=("site.text=hello",))
    fill(stack, shelf, "2.0.0")
    run(stack, shelf, "other")
    assert release(stack).sets == {"site.text": "hello"}
    assert values(stack) == {"store": "1.0.0", "site": "hello", "other": "2.0.0"}
    with pytest.raises(UsageError, match=r"site\.text: of a component that stays"):
        run(stack, shelf, "other", sets=("site.text=x",))
    run(stack, shelf, "site", action=upgrade_)
    assert values(stack)["site"] == "hello"
    assert release(stack).components["store"] == "1.0.0"


def upgrade_(request, connection, *, agree, notify, options):
    return upgrade(request, connection, agree=agree, notify=notify, options=options)


def test_one_component_is_taken_out_and_the_rest_stays(stack, shelf):
    """Who needs what would go is named; a namespace goes to who is still in it."""
    run(stack, shelf)
    with pytest.raises(ConflictError, match="site needs store") as refusal:
        taken_out(stack, "store")
    assert refusal.value.hint == "stackctl teardown --only site --only store"
    with pytest.raises(UsageError, match="all components"):
        taken_out(stack, "store", "site", "other")
    with pytest.raises(UsageError, match=r"stor: not part .*there: other, site, store"):
        taken_out(stack, "stor")
    taken_out(stack, "store", "site")
    assert values(stack) == {"store": None, "site": None, "other": "1.0.0"}
    assert release(stack).components == {"other": "1.0.0"}
    assert {each.component for each in release(stack).inventory} == {"other"}
    assert {each.ref.kind for each in release(stack).inventory} == {"Namespace", "ConfigMap"}
    run(stack, shelf)
    assert values(stack) == {"store": "1.0.0", "site": "1.0.0", "other": "1.0.0"}
    taken_out(stack, "other")
    assert stack.teardown().residue == ()


def test_what_only_shares_a_namespace_goes_alone_where_a_profile_has_made_it(stack, shelf):
    """It has no component.yaml that could ask for anything; who uses its kinds needs it."""
    definition = stack.definition("pages", "Page")
    (shelf.folder / "profiles").mkdir()
    for name, objects in {
        "kinds": [definition, stack.config("kinds")],
        "pages": [stack.custom("Page", "mine")],
        "third": [stack.config("third")],
    }.items():
        text = "---\n".join(yaml.dump(each) for each in objects)
        (shelf.folder / "profiles" / f"{name}.txt").write_text(text)
        source = {"manifests": [f"{name}.txt"]}
        shelf.choose(name, source=source, parameters={"namespace": stack.name})
    run(stack, shelf)
    with pytest.raises(ConflictError) as refusal:
        taken_out(stack, "kinds")
    assert "pages needs kinds" in str(refusal.value)
    assert "third needs" not in str(refusal.value)
    taken_out(stack, "kinds", "pages")
    assert stack.get("configmaps/kinds") is None
    assert stack.get("configmaps/third") is not None
    assert stack.teardown().residue == ()


def test_what_users_made_stops_it_before_anything_is_touched(stack, shelf):
    """Until it is said that the definition stays."""
    definition = stack.definition("pages", "Page")
    shelf.put("other", "1.0.0", stack.namespace(), definition, stack.config("other"))
    run(stack, shelf)
    page = stack.custom("Page", "mine")
    group = f"/apis/{stack.name}.example.com/v1/namespaces/{stack.name}/pages"
    stack.client.create(group, page)
    with pytest.raises(ConflictError, match=r"pages\..* stays"):
        taken_out(stack, "other")
    assert values(stack)["other"] is not None
    taken_out(stack, "other", keep_crds=True)
    assert stack.client.get(f"{group}/mine") is not None
    assert values(stack)["other"] is None
    assert stack.teardown(delete_data=True).residue == ()


def test_nothing_is_built_on_a_revision_that_failed(stack, shelf):
    """What of it is there is not known well enough."""
    run(stack, shelf)
    broken = stack.deployment("other", "example.com/does-not-exist:1")
    images = [{"image": "example.com/does-not-exist", "tag": "1"}]
    shelf.put("other", "2.0.0", stack.namespace(), broken, images=images)
    with pytest.raises(NotReadyError):
        run(stack, shelf)
    with pytest.raises(ConflictError, match=r"revision 2 .* is failed"):
        run(stack, shelf, "site")
    with pytest.raises(ConflictError, match=r"revision 2 .* is failed"):
        taken_out(stack, "site")


def test_a_locked_deploy_takes_what_was_locked_and_nothing_else(stack, shelf, tmp_path):
    """What differs is named, and nothing was touched."""
    path = tmp_path / "stack.lock.yaml"
    lock(shelf.request(), path)
    run(stack, shelf, locked=path)
    fill(stack, shelf, "2.0.0")
    with pytest.raises(ConflictError, match=r"site: locked 1\.0\.0, now 2\.0\.0"):
        run(stack, shelf, locked=path)
    assert values(stack)["site"] == "1.0.0"
    lock(shelf.request(), path)
    run(stack, shelf, locked=path)
    assert values(stack)["site"] == "2.0.0"
