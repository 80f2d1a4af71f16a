"""Layers become a bundle: in order, labelled, each object once, the same every time."""

import base64
import json
from dataclasses import replace

import pytest

from stackctl.errors import ConfigError, RenderError
from stackctl.model.catalogue.component import Mode
from stackctl.model.catalogue.parameters import checked
from stackctl.model.catalogue.profile import Needs, Origin, Settings
from stackctl.model.compose.bundle import Bundle, BundleComponent, from_plain, to_plain
from stackctl.model.compose.compose import compose, leftover
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Chosen, Selection, Setting
from stackctl.model.shapes.ready_rules import ReadyRule
from stackctl.sources.components import YAML
from tests.unit import fake


def part(bundle: Bundle, name: str = "web") -> BundleComponent:
    """Return one component of a bundle."""
    return next(each for each in bundle.components if each.name == name)


def server(bundle: Bundle) -> Manifest:
    """Return the container of the Deployment."""
    pod = fake.find(bundle, "Deployment", "web")["spec"]["template"]["spec"]
    container: Manifest = pod["containers"][0]
    return container


def composed_of(*parts: tuple[str, ...]) -> Bundle:
    """Compose components made of YAML: (name, spec, base), optionally with a namespace."""
    chosen, manifests = [], {}
    for name, spec, base, *namespace in parts:
        component = fake.component(spec, name)
        where = namespace[0] if namespace else component.spec.namespace
        values = {"namespace": Setting(where, Origin("default"))}
        chosen.append(Chosen(component, Mode.MANAGED, where, values, frozenset()))
        manifests[name] = fake.layers(base)
    selection = Selection("p", ("p",), tuple(chosen), Needs(), Settings())
    return compose(selection, manifests, StackId("test"), yaml=YAML)


# layers


LEVELS = """
parameters:
  level:
    {type: string, default: low, enum: ["off", low, high], description: d, places: [
      {object: ConfigMap/c, absent: ["off"]},
      {object: ConfigMap/c, path: data.words, as: {low: a, high: "a,b"}}]}
"""


@pytest.mark.parametrize(
    ("level", "words"), [("low", "a"), ("high", "a,b"), ("off", None), (False, None)]
)
def test_a_value_is_written_as_its_place_says_or_leaves_the_object_out(level, words):
    """An `off` that nobody quotes is false to YAML, and off all the same."""
    component = fake.component(LEVELS, "x")
    value = checked(component.spec.parameters["level"], level)
    settings = {"level": Setting(value, Origin("x")), "namespace": Setting("thing", Origin("x"))}
    chosen = Chosen(component, Mode.MANAGED, "thing", settings, frozenset())
    base = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {words: a}}"
    selection = Selection("p", ("p",), (chosen,), Needs(), Settings())
    bundle = compose(selection, {"x": fake.layers(base)}, StackId("test"), yaml=YAML)
    assert [each["data"]["words"] for each in bundle.manifests] == ([words] if words else [])


def test_parameters_reach_every_kind_of_place():
    """A field, a flag, a variable, documents in ConfigMaps and Secrets, a repeated layer."""
    bundle = fake.rendered(
        "base", "web.replicas=3", "web.level=debug", "web.schemes=https", "web.metrics=false",
        "web.motto=hi", "web.timeout=1m", "web.cache=8", "web.token=s3", "web.memory=2Gi",
        "web.teams=red,blue", "web.role=admin",
    )  # fmt: skip
    assert fake.find(bundle, "Deployment", "web")["spec"]["replicas"] == 3
    container = server(bundle)
    assert container["args"] == [
        "--level=debug", "--zones=a,b", "--scheme=https", "--metrics=false",
        "--helper-image=helper:2", "--own=web.web.svc",
    ]  # fmt: skip
    assert container["env"] == [{"name": "MOTTO", "value": "hi"}]
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    data = fake.find(bundle, "ConfigMap", "web")["data"]
    assert data["config.yaml"] == "server:\n  timeout: 1m\n"
    assert data["cache.json"] == '{"sizes": [{"pages": 8}]}\n'
    assert data["web.ini"] == "; for the old server\n[server]\ntimeout = 1m\n"
    assert data["web.properties"] == "# for the older server\ncache.pages.max=8\n"
    secret = fake.find(bundle, "Secret", "web")["data"]["token.yaml"]
    assert base64.b64decode(secret) == b"token: s3\n"
    bindings = [each for each in part(bundle).objects if each["kind"] == "RoleBinding"]
    assert [(each["metadata"]["namespace"], each["roleRef"]["name"]) for each in bindings] == [
        ("blue", "admin"),
        ("red", "admin"),
    ]


def test_features_add_objects_and_patches():
    """A feature that is off leaves nothing behind."""
    assert not [
        each for each in part(fake.rendered()).objects if "fast" in each["metadata"]["name"]
    ]
    bundle = fake.rendered("large", "web.boost=4")
    assert fake.find(bundle, "ConfigMap", "web-fast")["data"] == {"boost": "4"}
    assert server(bundle)["env"] == [{"name": "FAST", "value": "1"}]


def test_features_are_laid_in_the_order_of_the_component():
    """Not in that of their names, nor in that in which they were asked for."""
    spec = "features: {zeal: {description: d}, ardour: {description: d}, mood: {description: d}}"
    component = fake.component(spec)
    config = (
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{{0}: x, last: {0}}}}}"
    )
    names = ("ardour", "mood", "zeal")
    manifests = fake.layers(
        config.format("base"), patches={name: config.format(name) for name in names}
    )
    for on, last in [(("zeal", "ardour"), "ardour"), (names, "mood"), (("zeal",), "zeal")]:
        chosen = Chosen(component, Mode.MANAGED, "thing", {}, frozenset(on))
        selection = Selection("p", ("p",), (chosen,), Needs(), Settings())
        bundle = compose(selection, {"thing": manifests}, StackId("test"), yaml=YAML)
        data = fake.find(bundle, "ConfigMap", "c")["data"]
        assert (data["last"], set(data)) == (last, {"base", "last", *on})


def test_patches_come_after_features_and_settings_after_patches(tmp_path):
    """Layers in order: component, features, profile chain, stack file, settings."""
    stack = fake.stack_file(
        tmp_path,
        """
        profile: large
        settings: {imageRegistry: r.example.com}
        components:
          web:
            patches:
            - apiVersion: apps/v1
              kind: Deployment
              metadata: {name: web}
              spec:
                replicas: 9
                template:
                  spec:
                    containers:
                    - name: server
                      env: [{name: FAST, value: "2"}, {name: MORE, value: "3"}]
                      ports: [{containerPort: 80, name: http}]
                    - {name: side, image: "side:1"}
            - apiVersion: v1
              kind: Service
              metadata: {name: web}
              spec: {type: ClusterIP}
            - {apiVersion: v1, kind: Secret, metadata: {name: web}, $patch: delete}
        """,
    )
    bundle = fake.composed(fake.resolved("large", stack=stack))
    deployment = fake.find(bundle, "Deployment", "web")
    assert deployment["spec"]["replicas"] == 9
    first, second = deployment["spec"]["template"]["spec"]["containers"]
    assert first["env"] == [{"name": "FAST", "value": "2"}, {"name": "MORE", "value": "3"}]
    assert first["ports"] == [{"containerPort": 80, "protocol": "TCP", "name": "http"}]
    assert first["image"] == "r.example.com/web:1.4"
    assert "--helper-image=r.example.com/library/helper:2" in first["args"]
    assert second == {"name": "side", "image": "r.example.com/library/side:1"}
    assert fake.find(bundle, "Service", "web")["spec"]["type"] == "ClusterIP"
    assert not [each for each in part(bundle).objects if each["kind"] == "Secret"]


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ("{apiVersion: v1, kind: Service, metadata: {name: wbe}}",
         "patch of Service/wbe: there is no Service/wbe to patch; did you mean Service/web?"),
        ("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: other}}",
         "there is no Service/web to patch"),
        ("{apiVersion: v1, kind: Deployment, metadata: {name: web}}",
         "there is no Deployment/web to patch"),
        ("{apiVersion: v1, kind: Service, metadata: {name: web}, $patch: merge}",
         "$patch: merge is not known"),
    ],
)  # fmt: skip
def test_dangling_patches_are_refused_with_their_line(tmp_path, patch, problem):
    """A patch that changes nothing is a mistake."""
    text = f"profile: base\ncomponents:\n  web:\n    patches:\n    - {patch}"
    selection = fake.resolved("base", stack=fake.stack_file(tmp_path, text))
    with pytest.raises(RenderError) as error:
        fake.composed(selection)
    assert problem in str(error.value)
    assert "stack.yaml:9: " in str(error.value)


def test_a_component_moves_with_everything_that_names_its_namespace():
    """Objects, references by kind, and the places that component.yaml lists."""
    bundle = fake.rendered("base", "web.namespace=site", "web.teams=red")
    web = part(bundle)
    assert web.namespace == "site"
    assert {each["metadata"].get("namespace") for each in web.objects} == {None, "site", "red"}
    assert fake.find(bundle, "Namespace", "site")
    assert "--own=web.site.svc" in server(bundle)["args"]
    (binding,) = (each for each in web.objects if each["kind"] == "RoleBinding")
    assert binding["subjects"][0]["namespace"] == "site"
    assert Ref("coordination.k8s.io", "Lease", "site", "web") in web.leftovers


# what the engine must know


def test_a_component_says_what_it_needs_sends_ignores_and_leaves():
    """What is not in the objects is beside them."""
    web = part(fake.rendered())
    assert web.needs == {"certs"}
    assert [probe.accepts for probe in web.probes] == ["smoke/page.yaml"]
    assert web.samples["smoke/page.yaml"]["metadata"] == {"name": "smoke"}
    assert web.ignored == ((Ref("", "ConfigMap", "web", "web"), 'data["filled.txt"]'),)
    assert web.leftovers == (
        Ref("coordination.k8s.io", "Lease", "web", "web"),
        Ref("example.org", "Page", "", "last"),
    )
    assert (web.version, web.mode) == ("1.4.0", Mode.MANAGED)


def test_an_ignored_field_is_not_sent():
    """What a program fills at run time is neither owned nor compared."""
    (written,) = (
        each["data"] for each in fake.manifests("web").base if each["kind"] == "ConfigMap"
    )
    sent = fake.find(fake.rendered(), "ConfigMap", "web")["data"]
    assert written.keys() - sent.keys() == {"filled.txt"}


def test_users_say_which_fields_are_not_theirs(tmp_path):
    """A profile and a stack file ignore fields beside those that the component ignores."""
    stack = fake.stack_file(
        tmp_path,
        """
        profile: base
        components:
          web:
            ignore: [{object: Deployment/web, path: spec.replicas}]
        """,
    )
    bundle = fake.composed(fake.resolved("base", stack=stack))
    deployment = Ref("apps", "Deployment", "web", "web")
    assert (deployment, "spec.replicas") in part(bundle).ignored
    assert len(part(bundle).ignored) == len(part(fake.rendered()).ignored) + 1
    assert "replicas" not in fake.find(bundle, "Deployment", "web")["spec"]


def test_users_say_who_keeps_contested_fields(tmp_path):
    """The stack file is asked before the profile; the record gives the rules back."""
    catalogue = fake.profiles(
        tmp_path,
        base="components: {certs: {}, web: {contested: [{verdict: yield, manager: argo*}]}}",
    )
    stack = fake.stack_file(
        tmp_path,
        """
        profile: base
        components:
          web:
            contested:
            - {verdict: refuse, object: Deployment/web, path: spec.replicas}
            - {verdict: override}
        """,
    )
    found = part(fake.composed(resolve(catalogue, "base", stack=stack)))
    deployment = Ref("apps", "Deployment", "web", "web")
    assert found.contested == (
        Contest(Verdict.REFUSE, "*", deployment, "spec.replicas"),
        Contest(Verdict.OVERRIDE),
        Contest(Verdict.YIELD, "argo*"),
    )
    assert from_plain(to_plain(found)) == found


def test_what_is_declared_of_kinds_goes_along():
    """A recorded component knows how its kinds get ready, as the one it was made of does."""
    rules = {"A.b": ReadyRule(("Done",), ("Broken",), state="status.phase")}
    written = to_plain(replace(part(fake.rendered()), rules=rules))
    assert from_plain(json.loads(json.dumps(written))).rules == rules


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("ignore: [{object: Deployment/wbe, path: spec}]", "there is no Deployment/wbe"),
        ("ignore: [{object: Deployment/web, path: 'spec..x'}]", "is not a path"),
        (
            "ignore: [{object: Deployment/web, path: spec.replcas}]",
            "Deployment/web: there is no spec.replcas; did you mean replicas?",
        ),
        (
            "ignore: [{object: Deployment/web, path: spec.template.spec.hosts}]",
            "Deployment/web: there is no spec.template.spec.hosts",
        ),
        ("contested: [{verdict: yield, object: Service/none}]", "there is no Service/none"),
    ],
)
def test_a_rule_for_what_is_not_there_is_an_error(tmp_path, choice, said):
    """It names the file and the line."""
    stack = fake.stack_file(tmp_path, f"profile: base\ncomponents: {{web: {{{choice}}}}}")
    with pytest.raises(RenderError, match=f"stack.yaml:6: .*{said}"):
        fake.composed(fake.resolved("base", stack=stack))


def test_every_rule_and_every_patch_that_fits_nothing_is_named_at_once(tmp_path):
    """One run tells all of them."""
    rules = """\
        profile: base
        components:
          web:
            ignore: [{object: Deployment/wbe, path: spec}, {object: Deployment/web, path: x}]
            contested: [{verdict: yield, object: Service/none}]
        """
    stack = fake.stack_file(tmp_path, rules)
    with pytest.raises(RenderError) as error:
        fake.composed(fake.resolved("base", stack=stack))
    assert [each.partition(" ")[0].rpartition("/")[2] for each in error.value.problems] == [
        "stack.yaml:8:", "stack.yaml:8:", "stack.yaml:9:",
    ]  # fmt: skip
    patch = "{apiVersion: v1, kind: Service, metadata: {name: %s}}"
    patches = f"{{web: {{patches: [{patch % 'a'}, {patch % 'b'}]}}}}"
    stack = fake.stack_file(tmp_path, f"profile: base\ncomponents: {patches}")
    with pytest.raises(RenderError) as error:
        fake.composed(fake.resolved("base", stack=stack))
    assert ["Service/a" in each for each in error.value.problems] == [True, False]


def test_an_external_component_has_no_objects(tmp_path):
    """Somebody else runs it; who needs it still waits for it."""
    stack = fake.stack_file(tmp_path, "profile: base\ncomponents: {certs: {mode: external}}")
    bundle = fake.composed(fake.resolved("base", stack=stack))
    assert part(bundle, "certs").objects == ()
    assert part(bundle, "certs").mode is Mode.EXTERNAL
    assert part(bundle).needs == {"certs"}


def test_labels_are_on_objects_and_nowhere_else():
    """Selectors and Pod templates never change with the stack's name."""
    bundle = fake.rendered()
    for name, manifest in bundle.objects.values():
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "stackctl"
        assert labels["stackctl.dev/stack"] == "test"
        assert labels["stackctl.dev/component"] == name
    template = fake.find(bundle, "Deployment", "web")["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "web", "cost-centre": "12"}


def test_objects_come_in_the_order_they_are_applied():
    """Needs before those who need them, kinds in their fixed order."""
    bundle = fake.rendered()
    assert [each.name for each in bundle.components] == ["certs", "web"]
    assert [each["kind"] for each in part(bundle).objects] == [
        "Namespace", "CustomResourceDefinition", "ConfigMap", "Secret", "Service", "Deployment",
    ]  # fmt: skip


def test_equal_input_gives_an_equal_digest():
    """And another input another one."""
    assert fake.rendered().digest == fake.rendered().digest
    assert fake.rendered().digest != fake.rendered("base", "web.replicas=3").digest


def test_what_was_read_is_never_changed():
    """Composing twice with other values in between comes to the same."""
    before = fake.rendered("large").digest
    fake.rendered("large", "web.namespace=x", "web.teams=a", "web.memory=9Gi", "web.cache=1")
    assert fake.rendered("large").digest == before


# several components together


def thing(kind: str, name: str, version: str = "v1") -> str:
    """Write an object."""
    return f"---\n{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}}}}}\n"


def test_an_object_of_two_components_is_refused():
    """The message names both, the hint a way out."""
    role = thing("ClusterRole", "r", version="rbac.authorization.k8s.io/v1")
    with pytest.raises(RenderError, match="ClusterRole/r is part of both a and b") as error:
        composed_of(("a", "{}", role), ("b", "{}", role))
    assert error.value.hint == "install one of them elsewhere: --set b.namespace=NAME"


def test_an_object_twice_in_one_component_is_refused():
    """Layers of one component must not meet."""
    with pytest.raises(RenderError, match="component a: ConfigMap/a/x is there twice"):
        composed_of(("a", "{}", thing("ConfigMap", "x") * 2))


def test_a_shared_namespace_belongs_to_the_first():
    """The others wait for it, and of two Pod security levels the laxer holds."""
    labels = "labels: {pod-security.kubernetes.io/enforce: %s, %s: x}"
    base = "{apiVersion: v1, kind: Namespace, metadata: {name: both, %s}}"
    bundle = composed_of(
        ("a", "{namespace: both}", base % labels % ("baseline", "one")),
        ("b", "{namespace: both}", base % labels % ("privileged", "two")),
    )
    assert [each["kind"] for each in part(bundle, "a").objects] == ["Namespace"]
    assert part(bundle, "b").objects == ()
    assert part(bundle, "b").needs == {"a"}
    found = fake.find(bundle, "Namespace", "both")["metadata"]["labels"]
    assert found["pod-security.kubernetes.io/enforce"] == "privileged"
    assert (found["one"], found["two"], found["stackctl.dev/component"]) == ("x", "x", "a")


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-anything"])
def test_namespaces_that_are_never_ours_are_left_out(name):
    """A component may live there, but does not bring it."""
    base = thing("Namespace", "a") + thing("ConfigMap", "c")
    (only,) = composed_of(("a", "{}", base, name)).components
    assert [each["kind"] for each in only.objects] == ["ConfigMap"]
    assert only.objects[0]["metadata"]["namespace"] == name


def test_the_scope_of_a_kind_is_known_from_another_component():
    """A custom resource gets its namespace from the CRD, whoever brings that."""
    crd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: certs.x.io}
        spec: {group: x.io, scope: Namespaced, names: {kind: Cert}}
        """
    bundle = composed_of(("a", "{}", crd), ("b", "{}", thing("Cert", "c", version="x.io/v1")))
    assert fake.find(bundle, "Cert", "c")["metadata"]["namespace"] == "b"


# names


@pytest.mark.parametrize("name", ["", "Ml", "ml_1", "-ml", "ml-", "a" * 64, "a.b"])
def test_names_a_stack_cannot_have(name):
    """It must do as a label and as part of a name."""
    with pytest.raises(ConfigError, match="a stack cannot be called"):
        fake.composed(fake.resolved(), name)


@pytest.mark.parametrize("name", ["m", "ml-1", "a" * 63])
def test_names_a_stack_can_have(name):
    """Small letters, digits and dashes."""
    bundle = fake.composed(fake.resolved(), name)
    assert bundle.components[0].objects[0]["metadata"]["labels"]["stackctl.dev/stack"] == name


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("Secret/a", Ref("", "Secret", "ns", "a")),
        ("Secret/other/a", Ref("", "Secret", "other", "a")),
        ("Lease/1ca.kubeflow.org", Ref("coordination.k8s.io", "Lease", "ns", "1ca.kubeflow.org")),
        ("ClusterRole/a:b", Ref("rbac.authorization.k8s.io", "ClusterRole", "", "a:b")),
        ("Page.example.org/a", Ref("example.org", "Page", "ns", "a")),
        ("Own/a", Ref("g", "Own", "", "a")),
    ],
)
def test_leftovers_are_refs(text, ref):
    """The group is known for built-in kinds and for those of the component's CRDs."""
    assert leftover(text, "ns", {("g", "Own"): False}) == ref


@pytest.mark.parametrize("text", ["Secret", "Page/a"])
def test_leftovers_nobody_could_find_are_refused(text):
    """A kind without a group names nothing."""
    with pytest.raises(RenderError):
        leftover(text, "ns", {})


def test_what_is_skipped_is_not_composed():
    """A selection holds only what is there."""
    selection = fake.resolved()
    only = replace(selection, components=selection.components[:1])
    assert [each.name for each in fake.composed(only).components] == ["certs"]
