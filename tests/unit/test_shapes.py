"""What has another shape than its kind is named with its line, before anything looks into it."""

from itertools import product, starmap
from pathlib import Path
from unittest.mock import patch

import pytest

from stackctl.errors import ConfigError, RenderError
from stackctl.model.objects.paths import put
from stackctl.model.shapes import shapes
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.pod_specs import images_in
from stackctl.model.shapes.shapes import TEXT, WHOLE, Reading, Secret, fits, fitting, misshapen
from stackctl.sources.components import read_components, read_manifests
from tests.fuzz.readers import FILES
from tests.unit import fake

COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: thing}
spec: {version: 1.0.0, namespace: thing}
"""
POD = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: %s}}"
CONTAINER = "spec.containers[0]"
QUANTITY = 'expected a quantity such as 500m or 2Gi, found the text "much"'
DEFINITION = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, %s}"


def problems(text: str, *, patch: bool = False) -> list[str]:
    """Check an object."""
    return [str(each) for each in object_problems(fake.value(text), patch=patch)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (POD % "[{name: a, args: [--port, 8080]}]",
         f"{CONTAINER}.args[1]: expected a text, found the number 8080: quote it"),
        (POD % "[{name: a, env: {WAIT: 5s}}]", f"{CONTAINER}.env: expected a list, found a map"),
        (POD % "[{name: a, env: [A=b]}]",
         f'{CONTAINER}.env[0]: expected a map, found the text "A=b"'),
        (POD % "[{name: a, env: [{name: A, value: 1}]}]",
         f"{CONTAINER}.env[0].value: expected a text, found the number 1: quote it"),
        (POD % "[{name: a, ports: [80]}]",
         f"{CONTAINER}.ports[0]: expected a map, found the number 80"),
        (POD % "[{name: a, resources: {limits: 2Gi}}]",
         f'{CONTAINER}.resources.limits: expected a map, found the text "2Gi"'),
        (POD % "[{name: a, resources: {limits: {cpu: much}}}]",
         f"{CONTAINER}.resources.limits.cpu: {QUANTITY}"),
        (POD % "[{name: a, image: 1.36}]",
         f"{CONTAINER}.image: expected a text, found the number 1.36: quote it"),
        (POD % "[null]", f"{CONTAINER}: expected a map, found nothing"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: [app]}}",
         "metadata.labels: expected a map, found a list"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: true}}}",
         "metadata.labels.x: expected a text, found true: quote it"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: hello}",
         'data: expected a map, found the text "hello"'),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a/b}}",
         'metadata.name: expected a name, found the text "a/b"'),
        ("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {externalIPs: x}}",
         'spec.externalIPs: expected a list, found the text "x"'),
        ("{apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [a]}",
         'subsets[0]: expected a map, found the text "a"'),
        (("{apiVersion: resource.k8s.io/v1, kind: ResourceClaimTemplate, metadata: {name: a}, "
         "spec: x}"), 'spec: expected a map, found the text "x"'),
        (("{apiVersion: serving.kserve.io/v1alpha1, kind: ServingRuntime, metadata: {name: a}, "
         "spec: }"), "spec: expected a map, found nothing"),
        (DEFINITION % "metadata: {name: a}", "spec is missing"),
        (DEFINITION % "metadata: {name: a}, spec: {group: a, scope: Cluster, versions: []}",
         "spec: names is missing"),
    ],
)  # fmt: skip
def test_a_value_of_another_shape_is_named_with_its_path(text, problem):
    """With what was expected, and what is there."""
    assert problems(text) == [problem]


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_no_value_of_a_secret_is_in_a_message(field):
    """Not even one that is no text, or a Secret that is one text altogether."""
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, %s: %s}"
    found = [*problems(secret % (field, "{a: 4711}")), *problems(secret % (field, "hunter2"))]
    assert [each.partition(": ")[0] for each in found] == [f"{field}.a", field]
    assert "4711" not in "".join(found)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize("value", ["511", "5432", "true", "1.5", "{a: [b]}", "[a]"])
def test_no_value_becomes_a_text_by_itself(value):
    """Neither a number nor a map: what a program would read there nobody wrote."""
    for kind, field in (("ConfigMap", "data"), ("Secret", "stringData")):
        text = f"{{apiVersion: v1, kind: {kind}, metadata: {{name: a}}, {field}: {{a: {value}}}}}"
        (problem,) = problems(text)
        assert problem.startswith(f"{field}.a: expected a text")


@pytest.mark.parametrize(
    "fields", ["data: {a: }", "binaryData: {a: null}", "metadata: {name: a, labels: {x: ~}}"]
)
def test_an_entry_may_be_empty(fields):
    """Where values are texts, servers take nothing for a text without letters."""
    metadata = "" if "metadata" in fields else "metadata: {name: a}, "
    assert problems(f"{{apiVersion: v1, kind: ConfigMap, {metadata}{fields}}}") == []


def test_blanks_around_a_quantity_count_for_nothing():
    """As servers read it."""
    assert problems(POD % '[{name: a, resources: {limits: {cpu: " 1 "}}}]') == []


def test_every_problem_is_told_at_once():
    """Nobody mends a file one line at a time."""
    text = POD % "[{name: 1, args: x, env: [1]}, 2]"
    assert len(problems(text)) == 4


def test_what_a_chart_leaves_empty_is_not_there():
    """`labels:` with nothing behind it is common, and harmless for a kind that is built in."""
    assert problems("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: }") == []


def test_a_custom_resource_keeps_its_nulls_and_may_not_have_them_instead_of_parts():
    """No server leaves them out there."""
    text = "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a}, %s}"
    assert problems(text % "spec: ") == ["spec: expected a map, found nothing"]


def test_a_patch_needs_nothing_but_its_name():
    """It says what is different; a null takes away."""
    text = (POD % "[{name: a, image: null, args: [1]}]").replace(
        "spec: {", "spec: {volumes: null, "
    )
    assert problems(text, patch=True) == [
        f"{CONTAINER}.args[0]: expected a text, found the number 1: quote it"
    ]


def test_a_kind_nobody_knows_may_be_anything_but_nameless():
    """Its author says what is in it."""
    assert problems("{apiVersion: a/v1, kind: Pod, metadata: {name: a}, spec: [1]}") == []
    assert problems("{apiVersion: a/v1, kind: Pod, metadata: {}}") == [
        "an object needs metadata.name"
    ]


def test_the_catalogue_of_every_kind_is_right():
    """The truth to which the others are exceptions."""
    objects = [
        each
        for name, found in FILES.items()
        if "/base/" in name
        for document in found
        for each in document.get("items", [document])
    ]
    assert {
        each["metadata"]["name"]: object_problems(each) for each in objects if object_problems(each)
    } == {}
    assert len(objects) > 30


def test_a_problem_has_the_line_of_the_value(tmp_path, monkeypatch):
    """In the manifest, also of an item of a List in the second document."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "manifests" / "thing"
    (folder / "base").mkdir(parents=True)
    (folder / "component.yaml").write_text(COMPONENT)
    (folder / "base" / "x.yaml").write_text(
        "{apiVersion: v1, kind: Namespace, metadata: {name: thing}}\n---\n"
        "apiVersion: v1\nkind: List\nitems:\n"
        "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  data:\n    a: b\n    c: 1\n"
    )
    with pytest.raises(ConfigError) as error:
        read_manifests(read_components([tmp_path])["thing"])
    where = "manifests/thing/base/x.yaml:11: items[0].data.c"
    assert str(error.value) == f"{where}: expected a text, found the number 1: quote it"


def test_a_patch_of_a_profile_has_the_line_of_the_value(tmp_path, monkeypatch):
    """As everything else in that file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        fake.stack_file(
            Path(),
            "profile: base\ncomponents:\n  web:\n    patches:\n"
            "    - {apiVersion: v1, kind: ConfigMap, metadata: {name: a},\n       data: {a: 1}}\n",
        )
    said = (
        "stack.yaml:10: spec.components.web.patches[0].data.a: expected a text, found the number 1"
    )
    assert said in str(error.value)


def test_a_patch_that_takes_away_what_must_be_there_is_refused(tmp_path):
    """With the file that it is in."""
    text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: null}}"
    spec = f"profile: base\ncomponents: {{web: {{patches: [{text}]}}}}"
    with pytest.raises(RenderError, match=r"stack.yaml:\d+: .*spec: template is missing"):
        fake.composed(fake.resolved("base", stack=fake.stack_file(tmp_path, spec)))


def test_a_status_is_read_as_far_as_it_goes():
    """Whoever writes a custom resource's status may write what they like."""
    shape = {"conditions": [{"type!": TEXT, "status": TEXT}], "observedGeneration": WHOLE}
    status = {"conditions": ["x", {"type": 1}, {"type": "Ready", "status": True}], "a": 1}
    assert fitting(status, shape) == {"conditions": [{"type": "Ready"}], "a": 1}
    assert fitting("x", shape) is None


@pytest.mark.parametrize(
    ("spec", "images"),
    [
        ("{containers: [{image: a}, {image: b}], initContainers: [{image: c}]}", ["c", "a", "b"]),
        ("{container: {image: a, env: [{name: X}]}}", ["a"]),
        ("{containers: [web, db]}", []),
        ("{containers: [{image: {name: a}}]}", []),
        ("{containers: [{image: a, env: {X: y}}]}", []),
        ("{containers: [{image: a}], volumes: null}", []),
        ("{template: {containers: [{image: a}]}}", []),
        ("[{image: a}]", []),
    ],
)
def test_kinds_that_imitate_a_pod_are_known_by_their_shape(spec, images):
    """Whatever they are called; what only looks alike is left alone."""
    named = {"apiVersion": "example.com/v1", "kind": "Server", "metadata": {"name": "a"}}
    manifest = named | {"spec": fake.value(spec)}
    assert [image for _, image in images_in([manifest])] == images


EVERY_FORM = {
    "name!": TEXT,
    "count": WHOLE,
    "labels": {"*": TEXT},
    "items": [{"name!": TEXT, "items": [WHOLE]}],
    "hidden": Secret({"name!": TEXT}),
}
FITTING = {
    "name": "a",
    "count": 1,
    "labels": {"a": "b"},
    "items": [{"name": "a", "items": [1]}],
    "hidden": {"name": "a"},
}
PLACES = [
    *(("$patch",), ("else",), ("name",), ("count",), ("labels",), ("labels", "a")),
    *(("labels", "$patch"), ("items",), ("items", 0), ("items", 0, "name"), ("items", 0, "$patch")),
    *(("items", 0, "items", 0), ("hidden",), ("hidden", "name"), ("hidden", "$patch")),
]
ODD: list[object] = [None, True, 1, "a", [], {}, {"$patch": "delete"}]


@pytest.mark.parametrize("reading", [*starmap(Reading, product([False, True], repeat=2))])
@pytest.mark.parametrize("at", PLACES)
def test_the_quick_test_and_the_search_for_what_is_wrong_agree(at, reading):
    """What fits is looked through no further; what does not is told by another walk."""
    values = [put(FITTING, at, each) for each in ODD]
    values += [{key: x for key, x in each.items() if key != "name"} for each in values]
    values += [each | {"count": "many"} for each in values]
    quick = [fits(each, EVERY_FORM, reading) for each in values]
    with patch.object(shapes, "fits", return_value=False):
        found = [misshapen(each, EVERY_FORM, reading=reading) for each in values]
    assert quick == [each == [] for each in found]
    assert fits(FITTING, EVERY_FORM, reading)
