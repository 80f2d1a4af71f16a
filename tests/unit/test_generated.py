"""Secrets that nobody invents: what may be said of them, where they stand until they are made."""

import base64
import json

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.generated import Generated
from stackctl.model.catalogue.profile import Choice, Profile
from stackctl.model.catalogue.spec_check import declaration_problems
from stackctl.model.compose.bundle import Bundle, from_plain, to_plain
from stackctl.model.compose.compose import compose
from stackctl.model.objects.refs import CREDENTIALS_LABEL, STACK_LABEL, Ref
from stackctl.model.objects.secret_data import texts_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.credentials import credentials_of, data_of, lacking
from stackctl.model.plan.removal import foreign
from stackctl.model.release.reach import named_by_bundle
from stackctl.model.resolve.resolve import resolve
from stackctl.sources.components import YAML
from tests.unit import fake

KEY = "{type: secret, generate: token, description: d, places: [%s]}"
HOME = "{object: Secret/store, path: data.key}"
INSIDE = "{object: Secret/store, key: config.json, path: users.0.key}"
STORE = f"""
provides: [store]
attributes: {{store.key: '{{key}}'}}
parameters: {{key: {KEY % f"{HOME}, {INSIDE}"}}}
"""
READER = """
parameters:
  key: {type: secret, from: store.key, description: d,
        places: [{object: Secret/reader, path: data.key}]}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData: {%s}\n"


def bundle(*sets: str, **more: str) -> Bundle:
    """Compose a store, which makes its key, and a reader that is wired to it."""
    specs = {"store": STORE, "reader": READER} | more
    components = {name: fake.component(text, name) for name, text in specs.items()}
    profile = Profile("p", "", "p.yaml", components={name: Choice() for name in components})
    selection = resolve(Catalogue({"p": profile}, components), "p", sets=sets)
    texts = {"store": "user: admin, config.json: '{\"users\": [{}]}'"}
    layers = {name: fake.layers(SECRET % (name, name, texts.get(name, ""))) for name in components}
    return compose(selection, layers, StackId("ml"), yaml=YAML)


def test_a_secret_that_is_generated_is_no_object_of_the_bundle():
    """It is told apart, with what stands for values in it, and none of the stack's labels."""
    made = bundle()
    assert made.objects == {}
    known = credentials_of(made)
    store = known.secrets[Ref("", "Secret", "store", "store")][1]
    assert texts_of(store)["key"] == "<stackctl:store.key>"
    assert json.loads(texts_of(store)["config.json"]) == {
        "users": [{"key": "<stackctl:store.key>"}]
    }
    assert store["metadata"]["labels"][CREDENTIALS_LABEL] == "ml"
    assert STACK_LABEL not in store["metadata"]["labels"]
    reader = known.secrets[Ref("", "Secret", "reader", "reader")][1]
    assert texts_of(reader)["key"] == "<stackctl:store.key>"
    assert known.homes == {"store.key": (Ref("", "Secret", "store", "store"), "key")}
    assert known.kinds == {"store.key": "token"}


def test_what_somebody_sets_is_in_no_record():
    """Not even in the shard of the component; it is written all the same."""
    made = bundle("store.key=chosen-by-me")
    assert credentials_of(made).given == {
        "store.key": "chosen-by-me",
        "reader.key": "chosen-by-me",
    }
    for part in made.components:
        plain = json.dumps(to_plain(part))
        assert "chosen-by-me" not in plain
        assert base64.b64encode(b"chosen-by-me").decode() not in plain
        assert from_plain(json.loads(plain)).credentials == part.credentials


def test_what_a_secret_lacks_is_found():
    """A key that is not there, a text that is another, a value that somebody sets."""
    known = credentials_of(bundle())
    (manifest,) = known.of("store").values()
    live = manifest | {"data": data_of(manifest, lambda _: "made")}
    assert lacking(manifest, None, {}) == ["user", "config.json", "key"]
    assert lacking(manifest, live, {}) == []
    assert lacking(manifest, live, {"store.key": "made"}) == []
    assert lacking(manifest, live, {"store.key": "other"}) == ["config.json", "key"]
    without = live | {"data": {**live["data"], "user": base64.b64encode(b"x").decode()}}
    assert lacking(manifest, without, {}) == ["user"]


def test_a_record_may_name_such_secrets_only_where_it_may_name_objects():
    """A tenant's record is held to its namespaces by them too, and to Secrets."""
    (store,) = (part for part in bundle().components if part.name == "store")
    named = [each.ref for each in named_by_bundle(Bundle("p", (store,)))]
    assert Ref("", "Secret", "store", "store") in named
    plain = to_plain(store)
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    plain["credentials"] = [role | {"metadata": {"name": "x"}}]
    with pytest.raises(ValueError, match="expected a Secret"):
        from_plain(plain)


def test_such_a_secret_is_nobody_elses():
    """It keeps no namespace of the stack alive."""
    live = {"metadata": {"labels": {CREDENTIALS_LABEL: "ml"}}}
    ref = Ref("", "Secret", "store", "store")
    assert not foreign(live, ref, StackId("ml"), ())
    assert foreign(live, ref, StackId("other"), ())


def test_a_value_that_nobody_knows_is_no_part_of_a_text():
    """It is passed on whole, to parameters that are secrets."""
    assert str(Generated("a.b")) == "<masked>"
    mixed = STORE.replace("'{key}'", "'x-{key}'")
    with pytest.raises(ConfigError, match="a generated value is passed on whole"):
        bundle(store=mixed)
    text = READER.replace("type: secret", "type: string, secret: true")
    with pytest.raises(ConfigError, match="is for a parameter of type secret"):
        bundle(reader=text)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("{type: string, generate: token, description: d, places: [%s]}", "only a parameter of"),
        ("{type: secret, default: x, description: d, places: [%s]}", "a secret has no default"),
        ("{type: secret, generate: key, from: a.b, description: d, places: [%s]}", "elsewhere"),
        (KEY % "{object: ConfigMap/c, path: data.key}", "a secret is kept in a Secret"),
        (KEY % "{object: Secret/c, path: metadata.name}", "a secret is kept in a Secret"),
        (KEY % "{object: Deployment/d, env: KEY}", "a secret is kept in a Secret"),
        (KEY % INSIDE, "has a key of its own"),
    ],
)
def test_what_no_secret_can_be_is_refused_when_the_catalogue_is_read(parameter, said):
    """At the line of the parameter."""
    text = parameter % HOME if "%s" in parameter else parameter
    spec = fake.component(f"parameters: {{key: {text}}}")
    assert any(said in str(each) for each in declaration_problems(spec, fake.layers()))
