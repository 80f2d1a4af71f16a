"""A lock tells what a stack is made of, and what is something else."""

from dataclasses import replace

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.actions.lock import lock, lock_path, require_locked
from stackctl.actions.outdated import ComponentVersions, Outdated, outdated
from stackctl.cli import run
from stackctl.errors import ConfigError, ConflictError
from stackctl.model.catalogue.component import Place
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.locking import FromCharts, lock_differences, lock_of
from stackctl.sources.files import read_lock
from tests.unit import fake

STACK = StackId("ml")
POD = {"containers": [{"name": "m", "image": "example.com/a:1"}]}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "d", "namespace": "a"},
    "spec": {"template": {"spec": POD}},
}
OTHER = {"name": "d", "namespace": "a", "annotations": {"x": "y"}}
PROFILE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: plugin, description: one component}
spec: {components: {nvidia-device-plugin: {}}}
"""


@pytest.fixture
def request_(tmp_path):
    """Ask for a profile of one component."""
    profiles = tmp_path / "catalogue" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "plugin.yaml").write_text(PROFILE)
    return StackRequest(profile="plugin", stack="ml", catalogs=(profiles.parent,))


def secret(value):
    metadata = {"name": "s", "namespace": "a"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"p": value}}


def settings(value):
    metadata = {"name": "c", "namespace": "a"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"p": value}}


def locked(*objects, version="1", name="a", tool="1", **fields):
    part = BundleComponent(name, version, "a", objects, **fields)
    return lock_of(Bundle("p", (part,)), STACK, tool)


def said(before, now):
    return [str(each) for each in lock_differences(before, now)]


def image(text):
    pod = {"containers": [{"name": "m", "image": text}]}
    return DEPLOYMENT | {"spec": {"template": {"spec": pod}}}


def test_what_differs_is_said_once_and_as_closely_as_can_be():
    """A version says more than an image, an image more than a digest."""
    one = locked(DEPLOYMENT)
    assert said(one, one) == []
    assert said(one, locked(DEPLOYMENT, tool="2")) == ["stackctl: locked 1, now 2"]
    assert said(one, locked(image("x:2"), version="2")) == ["a: locked 1, now 2"]
    assert said(one, locked(image("example.com/a:2"))) == [
        "a image: locked example.com/a:1, now not there",
        "a image: locked without it, now example.com/a:2",
    ]
    (objects,) = said(one, locked(image("example.com/a:1") | {"metadata": OTHER}))
    assert objects.startswith("a objects: locked ")
    assert said(one, locked(DEPLOYMENT, name="b")) == [
        "a: locked 1, now not there",
        "b: locked without it, now 1",
    ]


def of_chart(digest, drawn, text):
    part = BundleComponent("a", "1", "a", (settings(text),))
    fields = {ref_of(settings("")): (("data", "p"),)} if drawn else {}
    return lock_of(Bundle("p", (part,)), STACK, "1", FromCharts({"a": digest}, {"a": fields}))


def test_another_chart_in_one_version_is_another_component():
    """A version can be published anew; its digest says more than the digests of its objects."""
    one, other = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
    before, after = of_chart(one, False, "a"), of_chart(other, False, "b")
    assert before.spec.components["a"].chart == one
    assert said(before, after) == [f"a chart: locked {one}, now {other}"]
    assert before.spec.bundle != of_chart(other, False, "a").spec.bundle


def test_what_a_chart_makes_up_anew_is_no_part_of_a_lock():
    """Else it would be another at each rendering."""
    assert of_chart("", True, "drawn") == of_chart("", True, "again")
    assert of_chart("", False, "drawn") != of_chart("", False, "again")


def test_an_image_is_locked_by_its_digest_where_that_is_known():
    by_digest = f"example.com/a:1@sha256:{'a' * 64}"
    assert locked(image(by_digest)).spec.components["a"].images == (by_digest,)


def test_secret_values_are_no_part_of_a_lock():
    """Neither in Secrets nor where else secret settings stand: digests let them be guessed."""
    place = ((ref_of(settings("")), Place(object="ConfigMap/c", path="data.p")),)
    one = locked(secret("hunter2"), settings("hunter2"), secrets=place)
    assert one == locked(secret("other"), settings("other"), secrets=place)
    assert one != locked(secret("hunter2"), settings("other"))
    assert "hunter2" not in str(one)


@pytest.mark.usefixtures("some_shipped")
def test_a_lock_reads_back_as_it_was_written(tmp_path, request_):
    path = tmp_path / "stack.lock.yaml"
    made = lock(request_, path)
    assert made.new
    assert read_lock(path) == made.lock
    before = path.stat().st_mtime_ns
    again = lock(request_, path)
    assert (again.new, again.differences) == (False, ())
    assert path.stat().st_mtime_ns == before
    other = lock(replace(request_, sets=("nvidia-device-plugin.features.cdi=true",)), path)
    assert [each.what for each in other.differences] == ["nvidia-device-plugin objects"]


@pytest.mark.usefixtures("some_shipped")
def test_what_is_composed_already_is_compared_with_its_lock_as_it_is(tmp_path, request_):
    """Without anything that a cluster has a say in, it is what a lock would be made of."""
    path = tmp_path / "stack.lock.yaml"
    lock(request_, path)
    composed = compose_stack(request_)
    gone = replace(request_, profile="gone")
    require_locked(gone, path, composed)
    for_a_cluster = replace(composed, scopes={("", "ConfigMap"): True})
    of_a_tenant = replace(composed, stack=StackId("ml", "team-a"))
    for other in (for_a_cluster, of_a_tenant):
        require_locked(request_, path, other)
        with pytest.raises(ConfigError, match="gone"):
            require_locked(gone, path, other)


@pytest.mark.usefixtures("some_shipped")
def test_what_is_composed_otherwise_than_locked_is_refused(tmp_path, request_):
    path = tmp_path / "stack.lock.yaml"
    lock(request_, path)
    other = replace(request_, sets=("nvidia-device-plugin.features.cdi=true",))
    with pytest.raises(ConflictError, match="nvidia-device-plugin objects: locked"):
        require_locked(other, path, compose_stack(other))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kind: Stack\n", "kind"),
        ("a: [\n", ":2: did not find"),
        ("apiVersion: stackctl.dev/v1alpha1\nkind: Lock\nmetadata: {name: x}\nmore: 1\n", "more"),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_what_is_no_lock_is_not_replaced(tmp_path, request_, text, fault):
    path = tmp_path / "stack.lock.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=fault):
        lock(request_, path)
    assert path.read_text() == text


@pytest.mark.usefixtures("some_shipped")
def test_the_lock_of_another_stack_is_not_replaced_nor_compared_with(tmp_path, request_):
    path = tmp_path / "stack.lock.yaml"
    lock(request_, path)
    with pytest.raises(ConflictError, match="lock of stack ml, not other"):
        lock(replace(request_, stack="other"), path)
    with pytest.raises(ConflictError, match="lock of stack ml, not other"):
        outdated(replace(request_, stack="other"), path, None)


def test_a_lock_lies_beside_its_stack_file(tmp_path):
    assert lock_path(None).name == "stack.lock.yaml"
    assert lock_path(tmp_path / "ml.yaml") == tmp_path / "ml.lock.yaml"


@pytest.mark.usefixtures("some_shipped")
def test_the_commands_say_what_is_locked_and_what_is_outdated(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "plugin.yaml").write_text(PROFILE)
    words = ["--profile", "plugin", "--catalog", "."]
    assert run(["outdated", *words, "--offline"]) == 0
    assert "there is no lock, and no deploy is known" in capsys.readouterr().out
    assert run(["lock", *words]) == 0
    assert "locked: stack plugin, 1 component, in stack.lock.yaml" in capsys.readouterr().out
    assert run(["outdated", *words, "--offline"]) == 0
    assert "nothing is outdated" in capsys.readouterr().out
    text = (tmp_path / "stack.lock.yaml").read_text()
    (tmp_path / "stack.lock.yaml").write_text(text.replace('"0.20.0"', '"0.19.0"'))
    assert run(["outdated", *words, "--offline"]) == 1
    assert "0.19.0" in capsys.readouterr().out


@pytest.mark.usefixtures("some_shipped")
def test_a_lock_that_is_named_has_to_be_there(tmp_path, capsys, monkeypatch):
    """A name mistyped is no clean answer."""
    monkeypatch.chdir(tmp_path)
    assert run(["outdated", "gpu8", "--offline", "--lock-file", "mistyped.yaml"]) == 3
    said = capsys.readouterr()
    assert "mistyped.yaml: there is no lock" in said.err
    assert "--lock-file mistyped.yaml writes it" in said.err
    assert "nothing is outdated" not in said.out


def test_outdated_is_what_a_lock_or_a_deploy_would_change():
    """Where there is neither, there is nothing to be outdated."""
    kinds = {
        "same": ComponentVersions("same", "2", "2", "2"),
        "lock": ComponentVersions("lock", "2", "1", "2"),
        "content": ComponentVersions("content", "2", "2", "2", other_content=True),
        "cluster": ComponentVersions("cluster", "2", "2", "1"),
        "gone": ComponentVersions("gone", "", "1", "1"),
    }
    found = Outdated("ml", "p", tuple(kinds.values()), lock_path(None), 3)
    assert [each.name for each in found.old] == ["lock", "content", "cluster", "gone"]
    assert replace(found, lock=None, revision=None).old == ()
    assert [each.name for each in replace(found, revision=None).old] == ["lock", "content", "gone"]


@pytest.mark.usefixtures("some_shipped")
def test_outdated_needs_no_cluster(tmp_path, request_):
    found = outdated(request_, tmp_path / "none", None)
    assert (found.lock, found.revision, found.old) == (None, None, ())
    assert {each.name for each in found.components} == {"nvidia-device-plugin"}


def test_the_same_input_gives_the_same_lock():
    one, two = (lock_of(fake.rendered("large"), STACK, "1") for _ in range(2))
    assert one == two
