"""What `--set` said, from run to run, on a real API server."""

import base64
import gzip
from dataclasses import replace

import pytest

from stackctl.actions import record
from stackctl.actions.adopt import adopt
from stackctl.actions.compose import StackRequest
from stackctl.actions.deploy import deploy
from stackctl.actions.diff import diff
from stackctl.actions.plan_file import planned_request
from stackctl.actions.upgrade import upgrade
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.record import record_store, recording, releases, secret_settings
from stackctl.cluster.record.lock import RECORD_LABEL
from stackctl.errors import ApplyError, ConfigError, ConflictError, ReleaseError, UsageError
from stackctl.model.plan.plan import Action
from stackctl.model.release.release import encode, pack
from stackctl.model.run.failure_policy import OnFailure
from tests.apiserver.catalogues import Shelf
from tests.apiserver.stacks import Stack

QUICK = RunOptions(timeout=60.0, holder="tester@here")


def put(stack: Stack, shelf: Shelf, *names: str, version: str = "1.0.0") -> None:
    """Publish a component with parameters of these names, each kept in a ConfigMap."""
    place = {"object": "ConfigMap/x", "key": "x.yaml"}
    parameters = {
        name: {
            "type": "string",
            "default": "default",
            "description": f"{name} for tests",
            "places": [place | {"path": name}],
        }
        for name in names
    }
    text = "".join(f"{name}: default\n" for name in names)
    config = stack.config("x", **{"x.yaml": text})
    shelf.put("widget", version, stack.namespace(), config, parameters=parameters)


@pytest.fixture
def shelf(stack, tmp_path):
    """A catalogue of one component with two parameters."""
    made = Shelf(tmp_path, stack.name)
    put(stack, made, "a", "password")
    return made


def run(stack: Stack, shelf: Shelf, action, *sets: str, options=QUICK, **request):
    asked = replace(shelf.request(), sets=sets, **request)
    return action(
        asked, stack.connection, agree=lambda *_: True, notify=stack.tell, options=options
    )


def values(stack: Stack) -> str:
    text: str = stack.get("configmaps/x")["data"]["x.yaml"]
    return text.replace("\n", " ").strip()


def recorded(stack: Stack) -> dict[str, str]:
    return dict(releases.current(stack.client, stack.id).release.sets)


def kept_apart(stack: Stack) -> dict[str, str]:
    return releases.secret_sets(stack.client, releases.current(stack.client, stack.id).release)


def test_an_upgrade_keeps_what_was_set_and_says_so(stack, shelf):
    """Parameter by parameter; what is set anew wins; secrets are not repeated."""
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2")
    put(stack, shelf, "a", "password", version="1.1.0")
    run(stack, shelf, upgrade)
    assert values(stack) == "a: one password: hunter2"
    assert stack.notes == [
        "kept from revision 1: widget.a=one, widget.password=<masked>; --reset leaves it out"
    ]
    stack.told.clear()
    run(stack, shelf, upgrade, "widget.a=two")
    assert values(stack) == "a: two password: hunter2"
    assert recorded(stack) == {"widget.a": "two", "widget.password": "<masked>"}
    assert kept_apart(stack) == {"widget.password": "hunter2"}
    assert stack.notes == ["kept from revision 2: widget.password=<masked>; --reset leaves it out"]


def test_a_reset_starts_from_the_profile_alone(stack, shelf):
    """Only what is said now counts, also for the next time."""
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2")
    outcome = run(stack, shelf, upgrade, "widget.a=two", keep=False)
    assert values(stack) == "a: two password: default"
    assert recorded(stack) == {"widget.a": "two"}
    assert outcome.release.command.endswith(" --set widget.a=… --reset")


def test_a_deploy_is_made_of_what_it_is_given_and_says_what_it_drops(stack, shelf):
    """The parameter's way back is a change of the plan, and named beside it."""
    run(stack, shelf, deploy, "widget.a=one")
    plan = diff(shelf.request(), stack.connection, stack.tell)
    assert plan.counts[Action.UPDATE] == 1
    run(stack, shelf, deploy)
    assert values(stack) == "a: default password: default"
    assert recorded(stack) == {}
    said = "--set of revision 1 is not kept: widget.a=one; stackctl upgrade would keep it"
    assert stack.notes == [said, said]


def test_what_is_set_to_the_default_is_recorded_too(stack, shelf):
    """Nothing changes now, but the next upgrade must know."""
    run(stack, shelf, deploy)
    outcome = run(stack, shelf, upgrade, "widget.a=default")
    assert (outcome.release.revision, outcome.plan.empty) == (2, True)
    assert recorded(stack) == {"widget.a": "default"}
    assert run(stack, shelf, upgrade).release is None


def test_what_the_new_version_does_not_know_is_refused_by_name(stack, shelf):
    """Before anything is touched; a reset goes on without it."""
    run(stack, shelf, deploy, "widget.a=one")
    put(stack, shelf, "password", version="2.0.0")
    with pytest.raises(ConfigError, match=r"revision 1: --set widget\.a: .* no such parameter"):
        run(stack, shelf, upgrade)
    run(stack, shelf, upgrade, keep=False)
    assert values(stack) == "password: default"


def test_what_is_set_of_a_component_that_left_is_dropped_with_a_word(stack, shelf):
    """Its values went with it; typed now, the same is refused by name."""
    shelf.put("other", "1.0.0", stack.namespace(), stack.config("y"))
    run(stack, shelf, deploy, "other.namespace=default", "widget.a=one")
    del shelf.components["other"]
    run(stack, shelf, upgrade)
    assert recorded(stack) == {"widget.a": "one"}
    assert values(stack) == "a: one password: default"
    gone = "--set other.namespace=default: profile shelf has no such component"
    assert stack.notes[-2:] == [
        "kept from revision 1: widget.a=one; --reset leaves it out",
        f"no longer used, of revision 1: {gone}",
    ]
    with pytest.raises(ConfigError, match="other is not in profile shelf"):
        run(stack, shelf, upgrade, "other.namespace=x")


def test_a_rollback_brings_the_settings_of_its_revision_back(stack, shelf):
    """So that an upgrade after it keeps those, and no others."""
    run(stack, shelf, deploy, "widget.a=one")
    run(stack, shelf, upgrade, "widget.a=two", "widget.password=hunter2")
    stack.rollback()
    assert recorded(stack) == {"widget.a": "one"}
    assert run(stack, shelf, upgrade).release is None
    assert values(stack) == "a: one password: default"


def test_what_a_failed_run_set_goes_back_with_it(stack, shelf):
    """A rollback on failure is a rollback."""
    run(stack, shelf, deploy, "widget.a=one")
    broken = stack.object("v1", "Secret", "s") | {"type": "kubernetes.io/tls"}  # without a key
    config = stack.config("x", **{"x.yaml": "a: default\n"})
    place = {"object": "ConfigMap/x", "key": "x.yaml", "path": "a"}
    a = {"type": "string", "default": "default", "description": "a", "places": [place]}
    shelf.put("widget", "2.0.0", stack.namespace(), config, broken, parameters={"a": a})
    options = replace(QUICK, on_failure=OnFailure.ROLLBACK)
    with pytest.raises(ApplyError, match="rolled back to revision 1"):
        run(stack, shelf, upgrade, "widget.a=two", options=options)
    assert recorded(stack) == {"widget.a": "one"}


def test_a_plan_of_an_upgrade_can_be_carried_out_by_a_deploy(stack, shelf, tmp_path):
    """What was set before is part of the plan, and no value of it is in the file."""
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2")
    put(stack, shelf, "a", "password", version="1.1.0")
    file = tmp_path / "plan.json"
    run(stack, shelf, upgrade, options=replace(QUICK, plan=file, dry_run=True))
    assert "hunter2" not in file.read_text()
    outcome = deploy(
        planned_request(file, StackRequest()),
        stack.connection,
        agree=lambda *_: True,
        notify=stack.tell,
        options=replace(QUICK, plan=file),
    )
    assert outcome.release.components == {"widget": "1.1.0"}
    assert values(stack) == "a: one password: hunter2"


def test_a_plan_says_itself_what_it_was_made_of(stack, shelf, tmp_path):
    """Nothing is typed again but secrets, which are asked for by name; nor anything else."""
    file = tmp_path / "plan.json"
    planning = replace(QUICK, plan=file, dry_run=True)
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2", options=planning)
    assert "hunter2" not in file.read_text()
    with pytest.raises(UsageError, match=r"--set widget\.password=…, and a plan keeps no") as needs:
        planned_request(file, StackRequest())
    assert needs.value.hint == "add --set widget.password=VALUE"
    secret = "widget.password=hunter2"
    with pytest.raises(ConflictError, match=r"--set widget\.a=…: it was made with widget\.a=one"):
        planned_request(file, StackRequest(sets=(secret, "widget.a=two")))
    carrying = replace(QUICK, plan=file)
    act = {"agree": lambda *_: True, "notify": stack.tell, "options": carrying}
    other = planned_request(file, StackRequest(sets=("widget.password=hunter3",)))
    with pytest.raises(ConflictError, match="to another content"):
        deploy(other, stack.connection, **act)
    deploy(planned_request(file, StackRequest(sets=(secret,))), stack.connection, **act)
    assert values(stack) == "a: one password: hunter2"


def test_the_plan_of_a_rollback_says_where_to(stack, shelf, tmp_path):
    """The last good revision is another one by the time that something was deployed."""
    for value in ("one", "two", "three"):
        run(stack, shelf, deploy, f"widget.a={value}")
    file = tmp_path / "plan.json"

    stack.rollback(1, plan=file, dry_run=True)
    assert stack.rollback(plan=file).release.command == "rollback 1"
    assert values(stack) == "a: one password: default"


def test_adopting_a_component_leaves_what_was_set_of_others(stack, shelf):
    """What is said of it counts; the others are as they were recorded."""
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2")
    path = f"/api/v1/namespaces/{stack.name}/configmaps/y"
    stack.client.apply(path, stack.config("y"), manager="kubectl")
    shelf.put("other", "1.0.0", stack.namespace(), stack.config("y"))
    for component, sets in (("other", ()), ("widget", ("widget.a=two",))):
        request = replace(shelf.request(), sets=sets)
        adopt(
            component,
            request,
            stack.connection,
            agree=lambda *_: True,
            notify=stack.tell,
            options=QUICK,
        )
        if component == "other":
            assert releases.current(stack.client, stack.id).release.revision == 2
            assert recorded(stack) == {"widget.a": "one", "widget.password": "<masked>"}
            assert kept_apart(stack) == {"widget.password": "hunter2"}
    assert recorded(stack) == {"widget.a": "two"}
    assert values(stack) == "a: two password: default"


def apart(stack: Stack) -> list[str]:
    """The Secrets in which the record keeps what --set says of secrets."""
    labels = f"{RECORD_LABEL}={stack.name},{secret_settings.LABEL}"
    return [
        item["metadata"]["name"]
        for item in stack.client.list(record_store.secrets_of(stack.id), labels=labels).items
    ]


def test_a_secret_setting_is_kept_where_the_index_is_not(stack, shelf):
    """Who reads the revisions sees that it is set; rollback and upgrade find to what."""
    run(stack, shelf, deploy, "widget.password=hunter2")
    run(stack, shelf, deploy, "widget.password=hunter3")
    run(stack, shelf, deploy)
    for release in releases.history(stack.client, stack.id):
        assert b"hunter" not in gzip.decompress(encode(release))
    back = stack.rollback(1)
    assert values(stack) == "a: default password: hunter2"
    assert back.release.sets == {"widget.password": "<masked>"}
    put(stack, shelf, "a", "password", version="1.1.0")
    run(stack, shelf, upgrade)
    assert values(stack) == "a: default password: hunter2"
    names = [f"stackctl.{stack.name}.v{revision}.sets" for revision in (1, 2, 4, 5)]
    assert apart(stack) == names


def test_a_lost_secret_setting_is_named_with_the_ways_out(stack, shelf):
    """Said anew, it is not missed; nothing is guessed in its place."""
    run(stack, shelf, deploy, "widget.a=one", "widget.password=hunter2")
    (name,) = apart(stack)
    stack.client.delete(f"{record_store.secrets_of(stack.id)}/{name}")
    with pytest.raises(ReleaseError, match=rf"Secret/.*/{name} is gone.*widget\.password") as error:
        run(stack, shelf, upgrade)
    upgrading = f"stackctl upgrade --stack {stack.name}"
    assert error.value.hint.startswith(f"say it anew: {upgrading} --set widget.password=…")
    assert [str(each) for each in record.check(stack.id, stack.connection).faults] == [
        str(error.value)
    ]
    run(stack, shelf, upgrade, "widget.password=hunter4")
    assert values(stack) == "a: one password: hunter4"


@pytest.mark.parametrize("held", [None, ["hunter2"], {"widget.password": ["hunter2"]}])
def test_a_lost_secret_setting_is_stored_again_by_a_run_that_changes_nothing(stack, shelf, held):
    """It is what was said before, or something would change."""
    run(stack, shelf, deploy, "widget.password=hunter2")
    spoil(stack, 1, held)
    assert record.check(stack.id, stack.connection).faults
    assert run(stack, shelf, deploy, "widget.password=hunter2").release is None
    assert "what --set said of widget.password was lost; it is stored again" in stack.notes
    assert record.check(stack.id, stack.connection).faults == ()
    assert kept_apart(stack) == {"widget.password": "hunter2"}


def test_a_rollback_goes_on_without_what_was_set(stack, shelf):
    """The objects are recorded with what it made of them; only an upgrade would ask for it."""
    run(stack, shelf, deploy, "widget.password=hunter2")
    run(stack, shelf, deploy, "widget.password=hunter3")
    spoil(stack, 1, None)
    stack.rollback(1)
    assert values(stack) == "a: default password: hunter2"
    assert any("v1.sets is gone: it held what --set said of" in note for note in stack.notes)
    with pytest.raises(ReleaseError, match=r"v3\.sets is gone"):
        run(stack, shelf, upgrade)
    run(stack, shelf, upgrade, "widget.password=hunter4")
    assert values(stack) == "a: default password: hunter4"


def spoil(stack: Stack, revision: int, held: object) -> None:
    """Take away what was set for a revision, or put something else in its place."""
    name = f"{record_store.name_of(stack.id, revision)}.sets"
    path = f"{record_store.secrets_of(stack.id)}/{name}"
    if held is None:
        stack.client.delete(path)
    else:
        content = base64.b64encode(pack(held)).decode()
        stack.client.patch(path, {"data": {"sets": content}})


def test_secret_settings_go_with_their_revisions(stack, shelf):
    """What is not kept any more keeps no secrets either; a teardown leaves none."""
    for number in range(recording.KEPT_REVISIONS + 2):
        run(stack, shelf, deploy, f"widget.password=hunter{number}")
    assert len(apart(stack)) == recording.KEPT_REVISIONS
    stack.teardown()
    assert apart(stack) == []
