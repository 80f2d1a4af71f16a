"""What one component takes from another: where it comes from, what beats it, what is refused."""

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.profile import Choice, Profile
from stackctl.model.catalogue.spec_check import declaration_problems
from stackctl.model.resolve import graph
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Selection, Setting
from tests.unit import fake

PORT = "port: {type: integer, default: 8020, description: d, places: []}"
HOST = "host: {type: string, description: d, places: []}"
KEY = "key: {type: string, default: hush-hush, secret: true, description: d, places: []}"
STORE = f"""
provides: [store]
attributes:
  store.url: "hdfs://name.{{namespace}}.svc:{{port}}"
  store.port: "{{port}}"
  store.page: "https://{{host}}/"
  store.key: "{{key}}"
features:
  twins:
    description: d
    attributes: {{store.url: "hdfs://twins"}}
parameters: {{{PORT}, {HOST}, {KEY}}}
"""
READER = "parameters: {{p: {{type: {type}, {more} description: d, places: [{place}]}}}}"


def reader(source: str, more: str = "", type_: str = "string", place: str = "") -> str:
    """Write a component with one parameter that is wired."""
    return READER.format(type=type_, more=f"from: '{source}', {more}", place=place)


def stack(
    *sets: str, stores: dict[str, str] | None = None, file: str = "", tmp: object = None,
    **specs: str,
) -> Selection:  # fmt: skip
    """Resolve components of these specs, with a store unless others are given."""
    given = {"store": STORE} if stores is None else stores
    components = {name: fake.component(text, name) for name, text in (given | specs).items()}
    chosen = {name: Choice() for name in components}
    profile = Profile("p", "", "p.yaml", components=chosen)
    known = {"store": fake.component(STORE, "store")} | components
    written = fake.stack_file(tmp, f"profile: p\n{file}") if file else None  # type: ignore[arg-type]
    return resolve(Catalogue({"p": profile}, known), "p", sets=sets, stack=written)


def wired(found: Selection, name: str = "reader") -> Setting:
    """Return what the wired parameter came to."""
    return next(e for e in found.components if e.component.name == name).parameters["p"]


@pytest.mark.parametrize(
    ("source", "sets", "value"),
    [
        ("store.url", (), "hdfs://name.store.svc:8020"),
        ("store.url", ("store.namespace=deep", "store.port=9"), "hdfs://name.deep.svc:9"),
        ("store.url", ("store.features.twins=true",), "hdfs://twins"),
        ("{store.url}/logs", (), "hdfs://name.store.svc:8020/logs"),
        ("store.port", (), "8020"),
        ("store.page", ("store.host=x.example.com",), "https://x.example.com/"),
        ("store.url", ("reader.p=mine",), "mine"),
        ("store.url", ("reader.p=mine", "reader.p=null"), "hdfs://name.store.svc:8020"),
    ],
)
def test_a_wire_carries_what_the_provider_is_set_to(source, sets, value):
    """Its parameters, its namespace, its features; whoever sets the parameter beats it."""
    assert wired(stack(*sets, reader=reader(source))).value == value


def test_a_number_stays_one_where_it_is_all_there_is():
    """A port is a port, and is checked as what the reader takes."""
    found = wired(stack(reader=reader("store.port", type_="integer")))
    assert found.value == 8020
    with pytest.raises(ConfigError, match=r"reader\.p comes from store\.port: expected at most 80"):
        stack(reader=reader("store.port", "maximum: 80,", type_="integer"))


def test_a_wire_knows_its_provider_and_the_reader_waits_for_it():
    """Nobody has to say `after` as well."""
    found = stack(reader=reader("store.url"))
    assert [(w.attribute, w.provider) for w in wired(found).wires] == [("store.url", "store")]
    assert str(wired(found).origin) == "wire store.url of store"
    assert graph.edges(found.components)["reader"] == {"store": "store.url"}
    assert (
        "store"
        not in graph.edges(stack("reader.p=x", reader=reader("store.url")).components)["reader"]
    )


@pytest.mark.parametrize(
    ("stores", "source", "said"),
    [
        ({}, "store.url", ("which nothing in the stack provides: add store or turn on "
         "store.features.twins, or set reader.p")),
        ({}, "stoer.url", "no component known does; did you mean store.url?; set reader.p"),
        (None, "store.page", "reader.p comes from store.page: set store.host, or reader.p"),
        (None, "store.ulr", "reader.p comes from store.ulr: store does not say it: no component"),
        (None, "store.key", "reader.p comes from store.key, which is secret"),
        ({"one": STORE, "two": STORE}, "store.url", "which one and two provide: set reader.p"),
    ],
)  # fmt: skip
def test_a_wire_that_leads_nowhere_says_who_could_mend_it(stores, source, said):
    """A component to add, a parameter to set."""
    with pytest.raises(ConfigError) as error:
        stack(stores=stores, reader=reader(source))
    assert said in str(error.value)


@pytest.mark.parametrize("default", ["''", "local"])
def test_a_default_makes_a_wire_optional(default):
    """Where nobody provides it the default holds."""
    found = wired(stack(stores={}, reader=reader("store.url", f"default: {default},")))
    assert (found.value, found.wires) == (default.strip("'"), ())
    assert wired(stack(reader=reader("store.url", f"default: {default},"))).wires


def test_the_namespaces_of_a_stack_are_known_to_it():
    """Each once, wherever a component was moved to; those of what somebody else runs are not."""
    text = reader("stack.namespaces", type_="list")
    found = stack("store.namespace=deep", reader=text)
    assert wired(found).value == ["deep", "reader"]
    assert str(wired(found).origin) == "wire stack.namespaces"
    assert graph.edges(found.components)["reader"] == {}
    assert wired(stack("reader.p=mine", reader=text)).value == ["mine"]
    with pytest.raises(ConfigError, match=r"the stack has no stack\.nodes: stack\.namespaces"):
        stack(reader=reader("stack.nodes"))


def test_a_namespace_of_what_somebody_else_runs_is_not_the_stacks(tmp_path):
    """Who installed it decides what happens there."""
    file = "components: {store: {mode: external}}"
    found = stack(file=file, tmp=tmp_path, reader=reader("stack.namespaces", type_="list"))
    assert wired(found).value == ["reader"]


def test_what_somebody_else_runs_says_its_attributes_in_the_stack_file(tmp_path):
    """It is not computed then, and asked for where it is missing."""
    file = "components: {{store: {{mode: external, attributes: {{{}}}}}}}"
    there = file.format("store.url: hdfs://far.example.com")
    found = wired(stack(file=there, tmp=tmp_path, reader=reader("store.url")))
    assert found.value == "hdfs://far.example.com"
    assert str(found.wires[0].origin).endswith("stack.yaml:6")
    with pytest.raises(ConfigError, match=r"write spec\.components\.store\.attributes\.store\.url"):
        stack(file=file.format(""), tmp=tmp_path, reader=reader("store.url"))
    with pytest.raises(ConfigError, match=r"stack\.yaml:6: .*has no such attribute; did you mean"):
        stack(file=file.format("store.ulr: x"), tmp=tmp_path)
    managed = there.replace("external", "managed")
    with pytest.raises(ConfigError, match=r"stack\.yaml:6: .*follows from the parameters of store"):
        stack(file=managed, tmp=tmp_path)


def test_a_feature_that_is_off_needs_no_wire():
    """Only what goes somewhere has to come from somewhere."""
    text = reader("store.url", place="{feature: far, object: ConfigMap/c, path: data.x}")
    spec = f"{text}\nfeatures: {{far: {{description: d}}}}"
    assert wired(stack(stores={}, reader=spec)).value is None
    with pytest.raises(ConfigError, match="which nothing in the stack provides"):
        stack("reader.features.far=true", stores={}, reader=spec)


def test_values_that_come_from_each_other_are_refused():
    """The circle is written out."""
    one = f"provides: [one]\nattributes: {{one.x: '{{p}}'}}\n{reader('two.x')}"
    two = f"provides: [two]\nattributes: {{two.x: '{{p}}'}}\n{reader('one.x')}"
    with pytest.raises(ConfigError, match=r"come from each other: one\.p → two\.x of two → two\.p"):
        stack(stores={}, one=one, two=two)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("attributes: {store.url: x}", "provides has no store"),
        ("provides: [store]\nattributes: {storeurl: x}", "expected capability.name"),
        ("provides: [store]\nattributes: {store.url: '{prt}'}", "no parameter is called prt"),
        ("provides: [store]\nattributes: {store.url: '{a b}'}", "expected {parameter}, found {a b"),
        ("provides: [store]\nattributes: {store.url: 'a}b'}", "a brace that is no part of"),
        (reader("store"), "expected capability.name"),
        (reader("{store}"), "expected capability.name, such as hdfs.url, found store"),
    ],
)
def test_what_no_attribute_can_be_is_refused_when_the_catalogue_is_read(spec, said):
    """At the line of the attribute or of the wire."""
    found = declaration_problems(fake.component(spec), fake.layers())
    assert any(said in str(each) for each in found)


FOLLOWED = """
provides: [store]
upstream:
  project: https://example.com
  version: "1"
  chart: {repository: "https://example.com", name: store, version: 1.0.0CHART}
attributes: {store.url: "hdfs://name.{namespace}.svc:{port}"}
parameters:
  port:
    {type: integer, default: 8020, description: d, places: [{values: service.port}]}
"""
CARRIES = 'attributes: {store.url: "hdfs://store-rpc.{namespace}.svc:{port}"}'


def following(chart: str = "") -> str:
    """Write a store whose manifests follow a chart, of which this is said."""
    return FOLLOWED.replace("CHART", f", {chart}" if chart else "")


def followed(*sets: str, chart: str = "", more: str = "", **others: object) -> Selection:
    """Resolve a reader beside a store that is switched to its chart."""
    stores = {"store": following(chart)}
    return stack(
        "store.source=chart",
        *sets,
        stores=stores,
        reader=reader("store.url", more),
        **others,  # type: ignore[arg-type]
    )


def test_a_chart_that_stands_in_carries_what_is_said_of_it():
    """With the parameters that it is told."""
    found = followed("store.port=9", chart=CARRIES)
    assert wired(found).value == "hdfs://store-rpc.store.svc:9"


@pytest.mark.parametrize("more", ["", "default: nowhere, "])
def test_what_nobody_says_of_a_chart_is_refused_and_not_made_of_manifests(more):
    """Nor is the wire left out silently, where the manifests would have carried it."""
    with pytest.raises(ConfigError) as refused:
        followed(more=more)
    assert (
        "reader.p comes from store.url: store comes from its chart, and nobody says what store.url "
        "is there: write spec.components.store.attributes.store.url, or set reader.p"
    ) in str(refused.value.each)
    assert wired(followed("reader.p=mine", more=more)).value == "mine"


def test_a_stack_file_says_what_a_chart_carries(tmp_path):
    """Its word comes before that of component.yaml."""
    file = 'components: {store: {attributes: {store.url: "hdfs://far"}}}'
    assert wired(followed(chart=CARRIES, file=file, tmp=tmp_path)).value == "hdfs://far"


def test_a_wire_of_manifests_that_a_chart_stands_in_for_is_not_asked_for():
    """Their parameters lead nowhere."""
    text = following().replace("default: 8020,", "from: other.port,")
    text = text.replace("places: [{values: service.port}]", "places: []")
    assert stack("store.source=chart", stores={"store": text})
    with pytest.raises(ConfigError, match=r"comes from other\.port"):
        stack(stores={"store": text})


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('{store.uri: "x"}', "the component has no such attribute; did you mean store.url?"),
        ('{store.url: "x:{part}"}', "no parameter part is bound to a value of the chart"),
    ],
)
def test_what_a_chart_is_said_to_carry_is_checked(said, fault):
    component = fake.component(following(f"attributes: {said}"), "store")
    problems = [each.what for each in declaration_problems(component, fake.layers())]
    assert any(each.startswith(fault) for each in problems)
