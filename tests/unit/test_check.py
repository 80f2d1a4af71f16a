"""A component whose files do not fit together says everything that is wrong with it."""

import json
from pathlib import Path

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component import MapPart, Parameter, ParameterType
from stackctl.model.catalogue.parameters import checked, entries_of, part_of
from stackctl.model.compose.check import validate_component
from stackctl.model.objects.paths import show
from stackctl.sources.components import YAML, read_components, read_manifests
from tests.unit import fake

NAMESPACE = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: thing}}\n"
WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: thing}
spec:
  replicas: 2
  selector: {matchLabels: {app: thing}}
  template:
    metadata: {labels: {app: thing}}
    spec:
      containers:
      - name: main
        image: thing:1
        args: [--level=info, --own=thing.thing.svc]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: thing}
data: {app.json: '{"image": "side:1"}'}
"""
IMAGE = "images: [{image: thing, tag: '1'}]\n"
SMOKE = """
apiVersion: batch/v1
kind: Job
metadata: {name: smoke, namespace: default}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "smoke:1"}]}}}
"""


NEW = "{apiVersion: v1, kind: ConfigMap, metadata: {name: new}}"


def problems(
    spec: str, base: str = WORKLOAD, images: str = IMAGE, **layers: dict[str, str]
) -> list[tuple[str, str]]:
    """Check a component made of YAML; each problem with its path."""
    component = fake.component(images + spec)
    manifests = fake.layers(base + NAMESPACE, **layers)
    found = validate_component(component, manifests, yaml=YAML)
    return [(show(each.at).removeprefix("spec."), each.what) for each in found]


def parameter(text: str, places: str = "[{object: Deployment/thing, path: spec.replicas}]") -> str:
    """Write the spec of a component with one parameter."""
    return f"parameters:\n  p: {{description: d, {text}, places: {places}}}\n"


PLACE = "{{object: Deployment/thing, path: spec.progressDeadlineSeconds}}"
OTHER = f"  q: {{{{description: d, type: {{}}, default: {{}}, places: [{PLACE}]}}}}\n"


def test_a_component_that_fits_has_no_problems():
    """The truth to which the others are exceptions."""
    assert problems(parameter("type: integer, default: 2")) == []


@pytest.mark.parametrize(
    ("spec", "where", "what"),
    [
        (parameter("type: integer, default: 3"), "parameters.p.places[0]",
         "Deployment/thing, spec.replicas says 2, but the default is 3"),
        (parameter("type: integer"), "parameters.p.places[0]",
         "Deployment/thing, spec.replicas says 2, but the parameter has no default"),
        (parameter("type: integer, default: 2", "[{object: Deployment/other, path: a}]"),
         "parameters.p.places[0]", "there is no Deployment/other; did you mean Deployment/thing?"),
        (parameter("type: integer, default: 2", "[{object: Deployment/thing, path: spec.x}]"),
         "parameters.p.places[0]", "spec.x says nothing, but the default is 2"),
        (parameter("type: string", "[{object: Deployment/thing, path: spec.replicas.x}]"),
         "parameters.p.places[0]", "int has no fields"),
        (parameter("type: string, default: info",
                   "[{object: Deployment/thing, container: mian, arg: --level}]"),
         "parameters.p.places[0]", "which container? there are main"),
        (parameter("type: integer, default: 2", "[]"), "parameters.p",
         "the parameter has no place, it would change nothing"),
        (parameter("type: integer, default: 2",
                   "[{object: Deployment/thing, path: a, arg: b}]"),
         "parameters.p.places[0]", "expected one of path, arg and env, found 2"),
        (parameter("type: integer, default: 2",
                   "[{feature: f, object: Deployment/thing, path: a}]"),
         "parameters.p.places[0].feature", "no feature is called f"),
        (parameter("type: integer, default: 2",
                   "[{each: teams, object: Deployment/thing, path: a}]"),
         "parameters.p.places[0].each", "nothing is repeated over teams"),
        (parameter("type: string, default: a, enum: [a]",
                   "[{object: Deployment/thing, absent: [a], path: spec.replicas}]"),
         "parameters.p.places[0].absent", "say the object alone"),
        (parameter("type: string, default: a, enum: [a]", "[{object: Job/x, absent: [a]}]"),
         "parameters.p.places[0]", "Job/x, absent for a: there is no such object"),
        (parameter("type: string, default: main, enum: [main, side]",
                   "[{object: Deployment/thing, absent: [mian]}]"),
         "parameters.p.places[0].absent", "no value is mian; did you mean main?"),
        (parameter("type: integer, default: 2", "[{object: Deployment/thing, absent: ['2']}]"),
         "parameters.p.places[0].absent", "only for a parameter that lists its values: enum"),
        (parameter("type: string, default: few, enum: [few]",
                   "[{object: Deployment/thing, path: spec.replicas, as: {few: 3}}]"),
         "parameters.p.places[0]", "spec.replicas says 2, but the default is 3"),
        (parameter("type: string, default: few, enum: [few]",
                   "[{object: Deployment/thing, path: spec.replicas, as: {few: 2, many: 9}}]"),
         "parameters.p.places[0].as", "no value is many"),
        (parameter("type: integer, default: x"), "parameters.p.default",
         'expected a whole number, found the text "x"'),
        (parameter("type: integer, default: 2, maximum: 1"), "parameters.p.default",
         "expected at most 1, found 2"),
        (parameter("type: integer, default: 2, atMost: q"), "parameters.p.atMost",
         "no parameter is called q"),
        (parameter("type: integer, default: 2, atMost: q") + OTHER.format("integer", 1),
         "parameters.p.atMost", "the default is more than that of q, 1"),
        (parameter("type: integer, default: 2, atMost: q") + OTHER.format("string", "x"),
         "parameters.p.atMost", "integer and string cannot be compared"),
        (parameter("type: string, default: '2', minimum: 1"), "parameters.p",
         "minimum and maximum mean nothing for a string"),
        (parameter("type: string, default: '2', pattern: '('"), "parameters.p.pattern",
         "no pattern that can be matched"),
        ("parameters: {namespace: {type: string, description: d, default: other}}",
         "parameters.namespace.default", "expected spec.namespace, thing"),
        ("features: {f: {description: d, requires: [g]}}", "features.f.requires",
         "no feature is called g"),
        ("features: {f: {description: d, conflicts: [g]}}", "features.f.conflicts",
         "no feature is called g"),
        ("ready: [{}]", "ready[0]", "expected one of allocatable and accepts"),
        ("readyWhen: {Page: {current: [Up]}}", "readyWhen.Page", "expected Kind.group"),
        ("ready: [{accepts: smoke/x.yaml}]", "ready[0]",
         "expected a file with one object, smoke/x.yaml is none"),
        ("ignore: [{object: Secret/x, path: data}]", "ignore[0]", "there is no Secret/x"),
        ("ignore: [{object: Deployment/thing, path: 'a..b'}]", "ignore[0].path", "is not a path"),
        ("ignore: [{object: Deployment/thing, path: spec.replcas}]", "ignore[0].path",
         "there is no spec.replcas"),
        ("leftovers: [Page/x]", "leftovers[0]", "of which API group? write Page.GROUP/x"),
        ("restartOn: {Deployment/thin: [ConfigMap/thing]}", "restartOn.Deployment/thin",
         "there is no Deployment/thin"),
        ("restartOn: {ConfigMap/thing: [ConfigMap/thing]}", "restartOn.ConfigMap/thing",
         "ConfigMap/thing has no Pod template"),
        ("restartOn: {Deployment/thing: [ConfigMap/x]}", "restartOn.Deployment/thing[0]",
         "there is no ConfigMap/x"),
        ("restartOn: {Deployment/thing: [Namespace/thing]}", "restartOn.Deployment/thing[0]",
         "expected a ConfigMap, found Namespace/thing"),
        ("namespace: other", "namespace", "base/ has no Namespace other"),
        ("namespacePlaces: [{object: Deployment/thing, container: main, arg: --level}]",
         "namespacePlaces[0]", "flag --level does not name thing"),
        ("namespacePlaces: [{object: Deployment/thing, container: main, arg: --none}]",
         "namespacePlaces[0]", "flag --none: nothing there"),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_path(spec, where, what):
    """One wrong thing, one problem."""
    found = problems(spec)
    assert [at for at, _ in found] == [where]
    assert what in found[0][1]


SIDE = "{object: ConfigMap/thing, key: app.json, path: %s}"
BOTH = "images: [{image: thing, tag: '1'}, {image: side, tag: '%s', places: [%s]}]"


@pytest.mark.parametrize(
    ("images", "where", "what"),
    [
        ("images: []", "images", "Deployment/thing/thing has thing:1, not listed"),
        ("images: [{image: thing, tag: '2'}, {image: thing, tag: '1'}]", "images[0]",
         "no manifest has thing:2"),
        (BOTH % ("2", SIDE % "image"), "images[1].places[0]",
         "app.json: image says side:1, not side:2"),
        (BOTH % ("1", SIDE % "none"), "images[1].places[0]", "there is no such place"),
    ],
)  # fmt: skip
def test_images_agree_both_ways(images, where, what):
    """Whoever mirrors images relies on the list."""
    found = problems("", images=f"{images}\n")
    assert [at for at, _ in found] == [where]
    assert what in found[0][1]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"image": "side", "version": "1"}, []),
        ({"image": "side:1", "version": "1"}, [("places", "image says side:1, not side")]),
        ({"image": "side", "version": "2"}, [("tagPlaces", "version says 2, not 1")]),
        ({"image": "side"}, [("tagPlaces", "there is no such place")]),
    ],
)
def test_a_tag_may_stand_apart_from_its_image(document, found):
    """Both places are held to what component.yaml says."""
    side = f"{SIDE % 'image'}], tagPlaces: [{SIDE % 'version'}"
    base = WORKLOAD.replace('{"image": "side:1"}', json.dumps(document))
    listed = BOTH % ("1", side)
    told = problems("", base=base, images=f"{listed}\n")
    assert [at for at, _ in told] == [f"images[1].{key}[0]" for key, _ in found]
    assert all(what in said for (_, said), (_, what) in zip(told, found, strict=True))


def test_an_image_may_have_a_digest_instead_of_a_tag_or_neither():
    """As a reference may."""
    digest = f"sha256:{1:064}"
    base = (
        WORKLOAD.replace("thing:1", f"thing@{digest}") + "---\n" + POD % "[{name: b, image: bare}]"
    )
    images = f"images: [{{image: thing, digest: '{digest}'}}, {{image: bare}}]\n"
    assert problems("", base=base + "\n", images=images) == []


def test_whoever_lists_no_images_at_all_may_have_any():
    """A folder of somebody else's manifests needs no list to begin with."""
    assert problems("", images="") == []


def test_images_of_places_and_smoke_tests_count():
    """An image may be named in a document, or only where a component is tried."""
    images = BOTH % ("1", SIDE % "image")
    listed = images.removesuffix("]") + ", {image: smoke, tag: '1'}]\n"
    assert problems("", images=listed, files={"smoke/a.yaml": SMOKE}) == []


def test_a_smoke_test_says_that_it_has_ended():
    """A Pod that runs is ready, whatever becomes of it."""
    pod = POD % "[{name: c, image: 'thing:1'}]"
    ((_, what),) = problems("", files={"smoke/a.yaml": pod})
    assert "write a Job" in what


def test_an_object_is_in_one_smoke_test():
    """Two would be one on the cluster."""
    ((at, what),) = problems("", files={"smoke/a.yaml": NEW, "smoke/b.yaml": NEW})
    assert (at, what) == ("", "smoke/: ConfigMap/thing/new is there twice")


def test_a_smoke_test_may_be_of_a_feature():
    """Of one that there is."""
    assert problems("features: {f: {description: d}}\n", files={"smoke/f/a.yaml": NEW}) == []
    ((at, what),) = problems("features: {f: {description: d}}\n", files={"smoke/g/a.yaml": NEW})
    assert (at, what) == ("features", "smoke/g/a.yaml: no feature is called g")


@pytest.mark.parametrize(
    ("spaces", "said"),
    [("[default, other]", []), ("[other]", ["says default, but the default is other"])],
)
def test_a_smoke_test_is_in_the_first_of_many_namespaces(spaces, said):
    """Where a list says in which namespaces a component works."""
    place = "{object: Job/smoke, path: metadata.namespace, smoke: true}"
    each = f"spaces: {{type: list, default: {spaces}, description: d, places: [{place}]}}"
    found = problems(f"parameters: {{{each}}}\n", files={"smoke/a.yaml": SMOKE}, images="")
    assert [what.partition(" metadata.namespace ")[2] for _, what in found] == said


@pytest.mark.parametrize(
    ("layers", "where", "what"),
    [
        ({"features": {"g": NEW}}, "features", "the folder features/g is no feature"),
        ({"each": {"g": NEW}}, "each", "the folder each/g is not described"),
        ({"patches": {"f": "{apiVersion: v1, kind: Pod, metadata: {name: x}}"}}, "features.f",
         "there is no Pod/x to patch"),
        ({"features": {"f": "{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}"}},
         "features.f", "ConfigMap/thing/thing is there twice"),
    ],
)  # fmt: skip
def test_layers_fit_the_base(layers, where, what):
    """Each feature is tried with what it requires."""
    found = problems("features: {f: {description: d}}", **layers)
    assert [at for at, _ in found] == [where]
    assert what in found[0][1]


def test_a_feature_is_tried_with_those_it_requires():
    """A patch may be for an object that another feature brings."""
    spec = "features: {f: {description: d}, g: {description: d, requires: [f]}}"
    assert problems(spec, features={"f": NEW}, patches={"g": NEW}) == []


POD = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: %s}}"
SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {%s}}"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: c}}, spec: {containers: []}}
"""


@pytest.mark.parametrize(
    ("base", "what"),
    [
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {stackctl.dev/stack: x}}}",
         "the label stackctl.dev/stack is set by stackctl"),
        (DEPLOYMENT, "the selector wants the label a=b, its Pods do not have it"),
        (SERVICE % "ports: [{port: 1}, {port: 1}]", "ports has 1/TCP more than once"),
        (POD % "[{name: a, env: [{name: A, value: x}, {name: A}]}]", "env has A more than once"),
        (POD % "[{name: a}], initContainers: [{name: a}]", "containers has a more than once"),
    ],
)  # fmt: skip
def test_objects_a_server_would_refuse_late_are_refused_early(base, what):
    """Keys that are there twice, selectors that match nothing."""
    found = problems("", base=base + "\n", images="")
    assert [each for _, each in found if what in each]


def test_a_selector_that_needs_the_former_manager_is_refused():
    """The objects are marked as ours; Pods made of templates keep what they are labelled with."""
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {%s: Helm}}, spec: {}}"
    service = SERVICE % "selector: {app.kubernetes.io/managed-by: Helm}"
    mark = "app.kubernetes.io/managed-by"
    found = problems("", base=f"---\n{pod % mark}\n---\n{service}\n", images="")
    what = f"the selector wants the label {mark}=Helm, which becomes stackctl"
    assert found == [(f'selector["{mark}"]', what)]
    assert problems("", base=f"{WORKLOAD}---\n{service}\n") == []


def test_a_fault_of_an_object_has_the_line_of_its_manifest(tmp_path, monkeypatch):
    """Not one of component.yaml, where nothing is wrong."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "manifests" / "thing"
    (folder / "base").mkdir(parents=True)
    (folder / "component.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Component\nmetadata: {name: thing}\n"
        "spec: {version: 1.0.0, namespace: thing}\n"
    )
    (folder / "base" / "all.yaml").write_text(
        NAMESPACE + "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
        "  labels:\n    app: a\n    stackctl.dev/stack: x\n"
    )
    with pytest.raises(ConfigError) as error:
        read_manifests(read_components([tmp_path])["thing"])
    assert str(error.value) == (
        'manifests/thing/base/all.yaml:10: metadata.labels["stackctl.dev/stack"]: '
        "ConfigMap/thing/a: the label stackctl.dev/stack is set by stackctl"
    )


def test_what_is_repeated_is_a_list_and_has_a_layer():
    """A repeated layer needs items, and objects to repeat."""
    spec = parameter("type: integer, default: 2") + "each: {p: {places: []}, q: {places: []}}"
    assert problems(spec, each={"q": NEW}) == [
        ("each.p", "expected the name of a list or map parameter"),
        ("each.p", "the folder each/p is empty or missing"),
        ("each.q", "expected the name of a list or map parameter"),
    ]


def test_only_a_map_has_keys_and_values():
    """A place for a part of a value, and what keys look like, are for maps."""
    spec = (
        "parameters:\n"
        "  p: {type: list, default: [a], description: x, keyPattern: a, places: "
        "[{object: ConfigMap/a, path: data.x, part: keys}]}\n"
        "each: {p: {places: [{object: ConfigMap/b, path: data.x, part: values}]}}\n"
    )
    assert problems(spec, each={"p": NEW})[:3] == [
        ("parameters.p.keyPattern", "only a map has keys"),
        ("parameters.p.places[0].part", "only a map has keys and values"),
        ("each.p.places[0].part", "only a map has keys and values"),
    ]


def test_a_map_goes_by_its_parts():
    """Its keys, its values or all of it; a layer is repeated for entries as for items."""
    teams = {"vision": "16", "speech": "8"}
    assert part_of(teams, MapPart.KEYS) == ["vision", "speech"]
    assert part_of(teams, MapPart.VALUES) == ["16", "8"]
    assert part_of(teams, None) == teams
    assert part_of(None, MapPart.KEYS) is None
    first, second = entries_of(teams)
    assert (first[MapPart.KEYS], second[MapPart.VALUES]) == ("vision", "8")
    assert [entry[MapPart.KEYS] for entry in entries_of(["a", "b"])] == ["a", "b"]


def test_keys_of_a_map_look_as_they_must():
    """What is no name of a namespace is refused before anything is rendered."""
    teams = Parameter(ParameterType.MAP, "teams", keyPattern="[a-z]+")
    assert checked(teams, {"vision": "16"}) == {"vision": "16"}
    with pytest.raises(ValueError, match="Vision"):
        checked(teams, {"Vision": "16"})


# folders


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("base/x.yaml", "a: 1\n", "base/x.yaml:1: an object needs apiVersion, kind, metadata.name"),
        ("base/x.yaml", "---\n---\n- a\n", "base/x.yaml:3: expected an object, found a list"),
        ("base/x.yaml", "a: 1\na: 2\n", 'base/x.yaml:2: the key "a" is there twice'),
        ("base/deep/x.yaml", "a: 1\n", "base/deep/x.yaml: belongs to no layer: expected base/"),
        ("feature/x.yaml", "a: 1\n", "feature/x.yaml: belongs to no layer"),
        ("base/x.yaml", "{apiVersion: v1, kind: A, metadata: {name: a, namespace: on}}\n",
         "metadata.namespace: expected a name, found true: quote it"),
    ],
)  # fmt: skip
def test_files_that_hold_no_objects_are_named(tmp_path, monkeypatch, path, text, problem):
    """With the line, as far as there is one."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "thing/component.yaml", COMPONENT % "thing")
    write(tmp_path, f"thing/{path}", text)
    with pytest.raises(ConfigError) as error:
        read_manifests(read_components([tmp_path])["thing"])
    assert problem in str(error.value)


def test_problems_of_a_component_have_the_line_of_component_yaml(tmp_path, monkeypatch):
    """All at once, as for every other file."""
    monkeypatch.chdir(tmp_path)
    spec = "  ignore:\n  - {object: Secret/x, path: data}\n  leftovers:\n  - Page/x\n"
    write(tmp_path, "thing/component.yaml", COMPONENT % "thing" + spec)
    write(tmp_path, "thing/base/namespace.yaml", NAMESPACE)
    with pytest.raises(ConfigError) as error:
        read_manifests(read_components([tmp_path])["thing"])
    assert error.value.problems == (
        "manifests/thing/component.yaml:8: spec.ignore[0]: there is no Secret/x",
        (
            "manifests/thing/component.yaml:10: spec.leftovers[0]: Page/x: of which API group? "
            "write Page.GROUP/x"
        ),
    )


COMPONENT = """\
apiVersion: stackctl.dev/v1alpha1
kind: Component
metadata: {name: %s}
spec:
  version: "1"
  namespace: thing
"""


def write(folder: Path, path: str, text: str) -> None:
    """Write a file of a catalogue's manifests."""
    file = folder / "manifests" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_component_is_called_like_its_folder(tmp_path):
    """Names are unique, folders say where to look."""
    write(tmp_path, "thing/component.yaml", COMPONENT % "other")
    with pytest.raises(ConfigError, match=r"metadata.name: expected thing, as the file is called"):
        read_components([tmp_path])


def test_one_name_in_two_catalogues_is_refused_with_both_files(tmp_path):
    """Nobody's component is replaced silently."""
    for folder in ("one", "two"):
        write(tmp_path / folder, "thing/component.yaml", COMPONENT % "thing")
    with pytest.raises(ConfigError, match=r"two/.*thing is defined in .*one/.* as well"):
        read_components([tmp_path / "one", tmp_path / "two"])


def test_a_folder_without_component_yaml_is_named(tmp_path):
    """A component that is half there is a mistake."""
    write(tmp_path, "thing/base/a.yaml", "")
    with pytest.raises(ConfigError, match=r"thing/component.yaml: there is no such file"):
        read_components([tmp_path])
