"""A value reaches its places: fields, flags, variables, documents; what is not there is named."""

import base64

import pytest

from stackctl.model.catalogue.component import Place
from stackctl.model.compose.bind import Binder, PlaceError, active, agrees
from stackctl.model.compose.embedded import formats
from stackctl.model.compose.object_set import Objects
from stackctl.model.objects.paths import MISSING
from stackctl.model.shapes.decode import decode
from stackctl.sources.components import YAML
from tests.unit import fake

OBJECTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ns, labels: {size: "1"}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: server
        args: [run, --level=info, --on, '--zones=a,b', --scheme=x, --port=1, --scheme=y]
        env:
        - {name: MODE, value: slow}
        - {name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}
        resources: {limits: {cpu: 100m}}
      - name: side
        command: [side, -port=8080]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: ns}
data:
  plain: "5"
  app.yaml: |
    # kept as long as nothing changes
    list:
    - {size: 1}
  app.json: |-
    {
        "a": {"b": true}
    }
  bare: |
    x: 1
  app.ini: |
    top = 1
    [main]
    ; kept
    a.b = 2
    [last]
  app.properties: |
    # kept
    spark.executor.memory=1g
    other: 2
  site.xml: |
    <configuration>
      <!-- <property><name>dfs.replication</name><value>9</value></property> -->
      <property>
        <name>dfs.replication</name>
        <value>3</value>
      </property>
      <property><name>a.list</name><value>x &amp; y</value></property>
    </configuration>
---
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: ns}
data: {app.yaml: YTogMQo=}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: other}
spec: {}
"""

SITE: str = next(
    each["data"]["site.xml"] for each in fake.values(OBJECTS) if "site.xml" in each.get("data", {})
)


@pytest.fixture
def binder():
    """Bind among a few objects of the namespace ns."""
    objects = Objects("ns")
    for manifest in fake.values(OBJECTS):
        objects.add(manifest)
    return Binder(objects, formats(YAML))


def place(text: str) -> Place:
    """Make a place from YAML; the Deployment and its server unless it says otherwise."""
    given = fake.value(text)
    container = {"container": "server"} if {"arg", "env"} & set(given) else {}
    return decode(Place, {"object": "Deployment/web", **container} | given)


def args(binder: Binder, index: int = 0) -> list[str]:
    """Return the arguments of a container."""
    manifest = binder.objects[binder.objects.find("Deployment/web")]
    container = manifest["spec"]["template"]["spec"]["containers"][index]
    found: list[str] = container.get("args") or container.get("command")
    return found


@pytest.mark.parametrize(
    ("where", "before", "value", "after"),
    [
        # fields
        ("{path: spec.replicas}", 1, 3, 3),
        ("{path: spec.new.deep}", MISSING, "x", "x"),
        ("{path: metadata.labels.size}", "1", 2, "2"),
        ("{path: metadata.annotations.on}", MISSING, True, "true"),
        ("{path: metadata.annotations}", MISSING, {"a.b/c": "d"}, {"a.b/c": "d"}),
        ("{path: spec.tolerations}", MISSING, ["a"], ["a"]),
        ("{path: 'spec.template.spec.containers[name=server].resources.limits.cpu'}",
         "100m", "2", "2"),
        ("{object: ConfigMap/web, path: data.plain}", "5", 6, "6"),
        ("{object: ConfigMap/web, path: data.list}", MISSING, ["a", "b"], "a,b"),
        # flags
        ("{arg: --level}", "info", "debug", "debug"),
        ("{arg: --on}", "true", False, "false"),
        ("{arg: --zones, join: ','}", "a,b", ["c"], "c"),
        ("{arg: --zones, join: ';'}", "a,b", ["c", "d"], "c;d"),
        ("{arg: --scheme, repeat: true}", ["x", "y"], ["z"], ["z"]),
        ("{arg: --none, repeat: true}", MISSING, ["p", "q"], ["p", "q"]),
        ("{arg: --nodes}", MISSING, {"a": "b", "c": "d"}, "a=b,c=d"),
        ("{arg: --port}", "1", 2.0, "2"),
        ("{arg: -port, container: side}", "8080", 80, "80"),
        # variables
        ("{env: MODE}", "slow", "fast", "fast"),
        ("{env: NEW}", MISSING, 5, "5"),
        # documents
        ("{object: ConfigMap/web, key: app.yaml, path: list.0.size}", 1, 2, 2),
        ("{object: ConfigMap/web, key: app.yaml, path: new.deep}", MISSING, "08", "08"),
        ("{object: ConfigMap/web, key: app.json, path: a.b}", True, False, False),
        ("{object: ConfigMap/web, key: bare, format: yaml, path: x}", 1, 2, 2),
        ("{object: ConfigMap/web, key: app.ini, path: top}", "1", 2, "2"),
        ("{object: ConfigMap/web, key: app.ini, path: main.a.b}", "2", 3, "3"),
        ("{object: ConfigMap/web, key: app.ini, path: main.c}", MISSING, True, "true"),
        ("{object: ConfigMap/web, key: app.ini, path: last.c}", MISSING, "x", "x"),
        ("{object: ConfigMap/web, key: app.ini, path: new.c}", MISSING, "x", "x"),
        ("{object: ConfigMap/web, key: app.properties, path: spark.executor.memory}", "1g", "2g",
         "2g"),
        ("{object: ConfigMap/web, key: app.properties, path: other}", "2", 3, "3"),
        ("{object: ConfigMap/web, key: app.properties, path: new.key}", MISSING, "v", "v"),
        ("{object: ConfigMap/web, key: site.xml, path: dfs.replication}", "3", 2, "2"),
        ("{object: ConfigMap/web, key: site.xml, path: a.list}", "x & y", "<1>", "<1>"),
        ("{object: ConfigMap/web, key: site.xml, path: new.key}", MISSING, True, "true"),
        ("{object: Secret/web, key: app.yaml, path: a}", 1, 2, 2),
    ],
)  # fmt: skip
def test_a_value_reaches_its_place(binder, where, before, value, after):
    """What a place said, it says no more, and nobody else's objects changed."""
    target = place(where)
    assert binder.read(target) == before
    others = [each for each in binder.objects if each["kind"] != target.object.partition("/")[0]]
    binder.ensure(target, value)
    assert binder.read(target) == after
    assert [
        each for each in binder.objects if each["kind"] != target.object.partition("/")[0]
    ] == others


def test_flags_keep_their_places(binder):
    """Programs that read their arguments in order find them in order."""
    binder.write(place("{arg: --scheme, repeat: true}"), ["a", "b"])
    binder.write(place("{arg: --on}"), False)
    binder.write(place("{arg: --new}"), 1)
    assert args(binder) == [
        "run", "--level=info", "--on=false", "--zones=a,b", "--scheme=a", "--scheme=b",
        "--port=1", "--new=1",
    ]  # fmt: skip
    binder.write(place("{arg: -port, container: side}"), 80)
    assert args(binder, 1) == ["side", "-port=80"]


def test_a_flag_that_says_true_by_being_there_is_left_alone(binder):
    """A place that says the value already is not rewritten."""
    binder.ensure(place("{arg: --on}"), True)
    assert "--on" in args(binder)


@pytest.mark.parametrize(
    ("key", "path", "value", "text"),
    [
        ("app.yaml", "list.0.size", 1,
         "# kept as long as nothing changes\nlist:\n- {size: 1}\n"),
        ("app.yaml", "list.0.size", 2, "list:\n- size: 2\n"),
        ("app.json", "a.b", False, '{\n    "a": {\n        "b": false\n    }\n}'),
        ("app.ini", "main.a.b", 3, "top = 1\n[main]\n; kept\na.b = 3\n[last]\n"),
        ("app.ini", "main.c", 3, "top = 1\n[main]\n; kept\na.b = 2\nc = 3\n[last]\n"),
        ("app.ini", "last.c", 3, "top = 1\n[main]\n; kept\na.b = 2\n[last]\nc = 3\n"),
        ("app.ini", "new.c", 3, "top = 1\n[main]\n; kept\na.b = 2\n[last]\n[new]\nc = 3\n"),
        ("app.properties", "new.key", "v",
         "# kept\nspark.executor.memory=1g\nother: 2\nnew.key=v\n"),
        ("app.properties", "other", 3, "# kept\nspark.executor.memory=1g\nother: 3\n"),
        ("site.xml", "dfs.replication", 1, SITE.replace("<value>3<", "<value>1<")),
        ("site.xml", "b", "c", SITE.replace(
            "</configuration>",
            "  <property><name>b</name><value>c</value></property>\n</configuration>")),
    ],
)  # fmt: skip
def test_documents_change_as_little_as_they_can(binder, key, path, value, text):
    """Comments and indentation survive where the format lets them."""
    binder.ensure(place(f"{{object: ConfigMap/web, key: {key}, path: {path}}}"), value)
    ref = binder.objects.find("ConfigMap/web")
    assert binder.objects[ref]["data"][key] == text


def test_secrets_stay_encoded(binder):
    """What a Secret keeps is base64 before and after."""
    binder.write(place("{object: Secret/web, key: app.yaml, path: a}"), 2)
    data = binder.objects[binder.objects.find("Secret/web")]["data"]
    assert base64.b64decode(data["app.yaml"]) == b"a: 2\n"


def test_nothing_is_written_for_nothing(binder):
    """An unset parameter leaves its places as the manifests have them."""
    binder.ensure(place("{path: spec.replicas}"), None)
    assert binder.read(place("{path: spec.replicas}")) == 1


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("{object: Deployment/wbe, path: spec}", "there is no Deployment/wbe; did you mean Dep"),
        ("{object: Service/web, path: spec}", "; there is Service/other/web"),
        ("{object: web, path: spec}", '"web" names no object'),
        ("{path: 'spec..x'}", "is not a path"),
        ("{arg: --x, container: severs}", "which container? there are server, side"),
        ("{arg: --x, object: ConfigMap/web}", "it has no containers"),
        ("{arg: --scheme}", "the flag is there more than once; add repeat: true"),
        ("{env: SECRET}", "the variable takes its value from elsewhere"),
        ("{object: ConfigMap/web, key: none.yaml, path: a}", "it has no key none.yaml"),
        ("{object: ConfigMap/web, key: bare, path: a}", "of which format is bare? add format:"),
        ("{object: ConfigMap/web, key: plain, format: json, path: a.}", "is not a path"),
        ("{object: ConfigMap/web, key: app.ini, format: json, path: a}", "Expecting value"),
        ("{object: ConfigMap/web, key: app.json, format: toml, path: a}", "add format: one of"),
    ],
)  # fmt: skip
def test_places_that_are_not_there_are_named(binder, where, problem):
    """The message names the place and what is wrong with it."""
    with pytest.raises(PlaceError) as error:
        binder.read(place(where))
    assert problem in str(error.value)


def test_writing_through_what_is_no_map_is_refused(binder):
    """A path must lead somewhere."""
    with pytest.raises(PlaceError, match=r"Deployment/web, spec.replicas.x: .*has no fields"):
        binder.write(place("{path: spec.replicas.x}"), 1)


def test_objects_are_told_apart_by_namespace_and_group():
    """Kind and name mean the component's namespace, more has to be said."""
    objects = Objects("ns")
    for text in (
        "{apiVersion: v1, kind: A, metadata: {name: x, namespace: ns}}",
        "{apiVersion: v1, kind: A, metadata: {name: x, namespace: other}}",
        "{apiVersion: g/v1, kind: B, metadata: {name: x}}",
        "{apiVersion: h/v1, kind: B, metadata: {name: x}}",
    ):
        objects.add(fake.value(text))
    assert objects.find("A/x").namespace == "ns"
    assert objects.find("A/other/x").namespace == "other"
    assert objects.find("B.h/x").group == "h"
    with pytest.raises(ValueError, match=r"means several objects: B\.g/x, B\.h/x"):
        objects.find("B/x")
    with pytest.raises(ValueError, match="A/ns/x is there twice"):
        objects.add(fake.value("{apiVersion: v1, kind: A, metadata: {name: x, namespace: ns}}"))


@pytest.mark.parametrize(
    ("found", "value", "same"),
    [
        (MISSING, None, True), (MISSING, [], True), (MISSING, {}, True), (MISSING, "", True),
        (MISSING, 0, False), (MISSING, False, False), (None, None, True),
        (1, 1, True), (1, 1.0, True), (1, True, False), (True, True, True), (0, False, False),
        ("1", 1, True), ("true", True, True), ("a,b", ["a", "b"], True), ("a", ["b"], False),
        ("1.10", "1.1", False), (["a"], ["a"], True), ("", None, False),
    ],
)  # fmt: skip
def test_a_place_says_a_value_or_does_not(found, value, same):
    """Texts say what their values look like; truths are not numbers."""
    assert agrees(found, value) is same


def test_places_are_there_with_their_feature_and_layer():
    """A place counts while its feature is on, in the layer it belongs to."""
    everywhere = Place("A/a", path="x")
    fast = Place("A/b", path="x", feature="fast")
    repeated = Place("A/c", path="x", each="teams")
    places = (everywhere, fast, repeated)
    assert active(places, set()) == [everywhere]
    assert active(places, {"fast"}) == [everywhere, fast]
    assert active(places, {"fast"}, "teams") == [repeated]
