"""What wins, where it came from, and what is refused when profiles and overrides are laid out."""

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.component import Mode
from stackctl.model.catalogue.parameters import checked, parsed
from stackctl.model.catalogue.profile import Choice, Lines, StackFile
from stackctl.model.resolve.component_settings import Inputs, choose
from stackctl.model.resolve.profile_chain import Layer, chain_of
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Chosen, Selection, Setting
from tests.unit import fake


def chosen(selection: Selection, name: str = "web") -> Chosen:
    """Return one component of a selection."""
    return next(each for each in selection.components if each.component.name == name)


def setting(selection: Selection, key: str, name: str = "web") -> Setting:
    """Return one parameter."""
    return chosen(selection, name).parameters[key]


def refusal(*sets: str, profile: str = "base", stack: StackFile | None = None) -> str:
    """Resolve what cannot be resolved, and return what is said."""
    with pytest.raises(ConfigError) as error:
        fake.resolved(profile, *sets, stack=stack)
    return str(error.value)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("larg", "mine.yaml:6: spec.profile: no profile is called larg; did you mean large?"),
        ("base+lod", "mine.yaml:8: spec.mixins: no profile is called lod; did you mean loud?"),
        ("base+qiet+loud", "mine.yaml:6: spec.profile: no profile is called qiet; did you mean"),
    ],
)
def test_a_profile_that_a_stack_file_names_in_vain_has_its_line(profile, said):
    """As everything has that is wrong with a file."""
    lines = {("spec", "profile"): 6, ("spec", "mixins", 0): 8}
    stack = StackFile("mine", profile, "mine.yaml", lines=lines)
    assert said in refusal(profile=profile, stack=stack)
    assert "mine.yaml" not in refusal(profile="lrge", stack=stack)


# which value wins


@pytest.mark.parametrize(
    ("key", "profile", "sets", "value", "origin"),
    [
        ("metrics", "base", (), True, "default"),
        ("replicas", "base", (), 2, "base.yaml:11"),
        ("replicas", "large", (), 5, "large.yaml:13"),
        ("replicas", "large", ("web.replicas=7",), 7, "--set"),
        ("replicas", "large", ("web.replicas=7", "web.replicas=8"), 8, "--set"),
        ("replicas", "large", ("web.replicas=null",), 1, "--set"),
        ("zones", "large", (), ["c"], "large.yaml:14"),
        ("nodes", "base", (), {"disk": "ssd"}, "base.yaml:13"),
        ("nodes", "large", (), {"size": "big"}, "large.yaml:15"),
        ("nodes", "large", ("web.nodes.a.b/c=d",), {"size": "big", "a.b/c": "d"}, "--set"),
        ("nodes", "large", ("web.nodes.size=null",), {}, "--set"),
        ("namespace", "base", (), "web", "default"),
        ("namespace", "base", ("web.namespace=site",), "site", "--set"),
    ],
)
def test_later_beats_earlier(key, profile, sets, value, origin):
    """Default, profile chain, command line; maps merge, lists replace, null unsets."""
    found = setting(fake.resolved(profile, *sets), key)
    assert (found.value, str(found.origin).rpartition("/")[2]) == (value, origin)


def test_the_stack_file_beats_profiles_and_is_beaten_by_the_command_line(tmp_path):
    """Each layer has its rank, and a value knows what it overrode, nearest first."""
    stack = fake.stack_file(
        tmp_path, "profile: large\ncomponents: {web: {parameters: {replicas: 6}}}"
    )
    assert setting(fake.resolved("large", stack=stack), "replicas").value == 6
    found = setting(fake.resolved("large", "web.replicas=3", stack=stack), "replicas")
    assert found.value == 3
    assert [value for value, _ in found.overrode] == [6, 5, 2, 1]
    origins = [str(origin).rpartition("/")[2] for _, origin in found.overrode]
    assert origins == ["stack.yaml:6", "large.yaml:13", "base.yaml:11", "default"]


def test_the_chain_is_base_first_and_requirements_and_settings_merge():
    """What a profile extends comes before it."""
    found = fake.resolved("large")
    assert found.chain == ("base", "large")
    assert found.requires.kubernetes == ">=1.30"
    assert found.requires.gpu is not None
    assert (found.requires.gpu.nodes, found.requires.gpu.perNode) == (1, 8)
    assert found.settings.labels == {"cost-centre": "12"}
    assert [each.component.name for each in found.components] == ["agent", "certs", "web"]


def test_null_unsets_what_a_profile_before_required(tmp_path):
    """A child can take requirements, settings and components back."""
    catalogue = fake.profiles(
        tmp_path,
        one="""
            components: {certs: {}, agent: {}}
            requires: {storageClass: true, gpu: {nodes: 2}}
            settings: {storageClass: fast, imageRegistry: r.example.com}
            """,
        two="""
            extends: one
            components: {agent: null}
            requires: {gpu: null}
            settings: {storageClass: null, imageRegistry: null}
            """,
    )
    found = resolve(catalogue, "two")
    assert [each.component.name for each in found.components] == ["certs"]
    assert (found.requires.gpu, found.requires.storageClass) == (None, True)
    assert (found.settings.storageClass, found.settings.imageRegistry) == (None, "")


@pytest.mark.parametrize(
    ("mode", "names"),
    [("managed", ["certs", "web"]), ("external", ["certs", "web"]), ("skip", ["certs"])],
)
def test_modes_say_how_we_relate(tmp_path, mode, names):
    """A skipped component is not there; an external one is, in somebody else's hands."""
    stack = fake.stack_file(tmp_path, f"profile: base\ncomponents: {{web: {{mode: {mode}}}}}")
    found = fake.resolved("base", stack=stack)
    assert [each.component.name for each in found.components] == names
    assert all(chosen(found, name).mode == Mode(mode) for name in names if name == "web")


# mixins


def test_mixins_come_before_the_profile_that_uses_them(tmp_path):
    """The profile itself has the last word."""
    catalogue = fake.profiles(
        tmp_path,
        calm="components: {web: {parameters: {level: error, replicas: 4}}}",
        base="components: {certs: {}, web: {parameters: {replicas: 2}}}",
        mine="extends: base\nmixins: [calm]\ncomponents: {web: {parameters: {level: debug}}}",
    )
    found = resolve(catalogue, "mine")
    assert found.chain == ("base", "calm", "mine")
    assert (setting(found, "level").value, setting(found, "replicas").value) == ("debug", 4)


@pytest.mark.parametrize(
    ("one", "two", "clash"),
    [
        ("components: {web: {parameters: {level: error}}}",
         "components: {web: {parameters: {level: error}}}", "components.web.parameters.level"),
        ("components: {web: {features: {fast: true}}}",
         "components: {web: {features: {fast: false}}}", "components.web.features.fast"),
        ("components: {web: {mode: skip}}", "components: {web: {mode: managed}}", "web.mode"),
        ("components: {web: null}", "components: {web: {parameters: {level: error}}}",
         "components.web"),
        ("components: {web: {parameters: {nodes: {a: b}}}}",
         "components: {web: {parameters: {nodes: {a: c}}}}", "components.web.parameters.nodes.a"),
        ("settings: {labels: {a: b}}", "settings: {labels: {a: c}}", "settings.labels.a"),
        ("requires: {gpu: {nodes: 1}}", "requires: {gpu: {nodes: 2}}", "requires.gpu.nodes"),
        ("requires: {gpu: null}", "requires: {gpu: {nodes: 2}}", "requires.gpu"),
    ],
)  # fmt: skip
def test_two_mixins_that_set_one_key_are_refused(tmp_path, one, two, clash):
    """Neither is the stronger, so somebody has to decide."""
    catalogue = fake.profiles(tmp_path, one=one, two=two, mine="mixins: [one, two]")
    with pytest.raises(ConfigError, match=rf"one.yaml:\d+: spec.*{clash}: set in .*two.yaml:\d+"):
        chain_of(catalogue, "mine")


def test_mixins_that_set_different_keys_agree(tmp_path):
    """Different keys of one component are no clash, nor is naming it."""
    catalogue = fake.profiles(
        tmp_path,
        one="components: {web: {parameters: {level: error, nodes: {a: b}}}, certs: {}}",
        two="components: {web: {parameters: {replicas: 4, nodes: {c: d}}}, certs: {}}",
        mine="mixins: [one, two]",
    )
    assert [each.name for each in chain_of(catalogue, "mine")] == ["one", "two", "mine"]


PATCH = """
components:
  web:
    patches:
    - apiVersion: apps/v1
      kind: Deployment
      metadata: {{name: web}}
      spec: {{template: {{spec: {{containers: [{{name: {}, image: {}}}]}}}}}}
"""


def test_mixins_may_patch_different_containers_and_not_one(tmp_path):
    """What Kubernetes lays over each other by name is told apart by name; the line is exact."""
    catalogue = fake.profiles(
        tmp_path,
        one=PATCH.format("server", "a"),
        two=PATCH.format("helper", "b"),
        three=PATCH.format("server", "c"),
        fine="mixins: [one, two]",
        wrong="mixins: [one, three]",
    )
    assert chain_of(catalogue, "fine")
    with pytest.raises(ConfigError, match=r"one.yaml:11: .*server.image: set in .*three.yaml:11"):
        chain_of(catalogue, "wrong")


def test_mixins_are_laid_over_a_profile_by_name(tmp_path):
    """`NAME+MIXIN` on the line, `mixins` in a stack file; the file itself has the last word."""
    assert setting(fake.resolved("base+loud"), "level").value == "debug"
    assert fake.resolved("large+loud").chain == ("base", "large", "loud")
    text = "profile: base\nmixins: [quiet]\ncomponents: {web: {parameters: {replicas: 6}}}"
    stack = fake.stack_file(tmp_path, text)
    assert stack.profile == "base+quiet"
    found = fake.resolved(stack.profile, stack=stack)
    assert (setting(found, "level").value, setting(found, "replicas").value) == ("error", 6)
    assert found.profile == "base+quiet"


SMALL = """
adjust:
  web:
    parameters: {replicas: 1, level: error}
  agent:
    parameters: {namespace: small}
"""


def test_a_mixin_adjusts_what_is_there_and_puts_nothing_in(tmp_path):
    """Also what a later file puts in; who comes later still has the last word."""
    catalogue = fake.profiles(
        tmp_path,
        small=SMALL,
        base="components: {certs: {}, web: {parameters: {replicas: 2}}}",
        mine="extends: base\nmixins: [small]\ncomponents: {web: {parameters: {level: debug}}}",
        whole="mixins: [small]\ncomponents: {certs: {}, web: {}, agent: {}}",
    )
    found = resolve(catalogue, "mine")
    assert [each.component.name for each in found.components] == ["certs", "web"]
    assert (setting(found, "replicas").value, setting(found, "level").value) == (1, "debug")
    assert str(setting(found, "replicas").origin).endswith("small.yaml:7")
    assert setting(resolve(catalogue, "whole"), "namespace", "agent").value == "small"
    laid = resolve(catalogue, "base+small")
    assert (setting(laid, "replicas").value, setting(laid, "level").value) == (1, "error")


def test_what_is_adjusted_of_a_feature_that_is_off_is_left_aside(tmp_path):
    """A mixin cannot know what is off below it; what a profile says itself must count."""
    catalogue = fake.profiles(
        tmp_path,
        small="adjust: {web: {parameters: {boost: 3}}}",
        base="components: {certs: {}, agent: {}, web: {}}",
        idle="extends: base\ncomponents: {web: {parameters: {boost: 3}}}",
    )
    assert resolve(catalogue, "base+small")
    on = resolve(catalogue, "base+small", sets=("web.features.fast=true",))
    assert setting(on, "boost").value == 3
    with pytest.raises(ConfigError, match=r"idle.yaml:6: web.boost only matters with the feature"):
        resolve(catalogue, "idle")
    with pytest.raises(ConfigError, match=r"--set: web.boost only matters with the feature fast"):
        resolve(catalogue, "base+small", sets=("web.boost=5",))


def test_what_is_adjusted_is_checked_as_what_is_put_in(tmp_path):
    """A component that nobody knows, a key that another mixin sets, with both lines."""
    catalogue = fake.profiles(
        tmp_path,
        small=SMALL,
        wrong="adjust: {wbe: {}}",
        other="components: {web: {parameters: {level: info}}}",
        base="components: {certs: {}, web: {}}",
    )
    with pytest.raises(ConfigError, match=r"wrong.yaml:5: spec.adjust.wbe: no component is called"):
        resolve(catalogue, "base+wrong")
    with pytest.raises(ConfigError, match=r"small.yaml:7: .*level: set in .*other.yaml:5"):
        resolve(catalogue, "base+small+other")


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("base+loud+quiet", r"loud.yaml:9: spec.components.web.parameters.level: set in .*:9"),
        ("base+lod", "profile base\\+lod: no profile is called lod; did you mean loud"),
        ("base+large", "large builds on other profiles"),
        ("base+base", "base is part of it already"),
        ("base+", "no profile is called"),
    ],
)
def test_mixins_that_cannot_be_laid_over_a_profile_are_refused(profile, said):
    """As those that a profile names."""
    with pytest.raises(ConfigError, match=said):
        fake.resolved(profile)


@pytest.mark.parametrize(
    ("specs", "problem"),
    [
        ({"a": "extends: b", "b": "extends: c", "c": "extends: b"},
         "c.yaml:5: spec.extends: a profile cannot extend itself: b → c → b"),
        ({"a": "extends: bb", "bbb": "{}"},
         "a.yaml:5: spec.extends: no profile is called bb; did you mean bbb?"),
        ({"a": "mixins: [b]", "b": "extends: c", "c": "{}"},
         "a.yaml:5: spec.mixins: b builds on other profiles, a mixin stands alone"),
        ({"a": "mixins:\n- b\n- x", "b": "{}"}, "a.yaml:7: spec.mixins: no profile is called x"),
        ({"b": "{}"}, "no profile is called a"),
    ],
)  # fmt: skip
def test_chains_that_lead_nowhere_are_refused(tmp_path, specs, problem):
    """A chain ends, and every profile in it exists."""
    with pytest.raises(ConfigError) as error:
        chain_of(fake.profiles(tmp_path, **specs), "a")
    assert problem in str(error.value)


# what is refused


@pytest.mark.parametrize(
    ("assignment", "problem"),
    [
        ("web.replicas", "--set web.replicas: expected component.parameter=value"),
        ("wbe.replicas=1", "no component is called wbe; did you mean web?"),
        ("agent.x=1", "agent is not in profile base"),
        ("web.replcas=1", "--set web.replcas: web has no such parameter; did you mean replicas?"),
        ("web.replicas=x", '--set web.replicas: expected a whole number, found the text "x"'),
        ("web.replicas=0", "--set web.replicas: expected at least 1, found 0"),
        ("web.replicas=10", "--set web.replicas: expected at most 9, found 10"),
        ("web.replicas.x=1", "the parameter is no map, it has nothing called x"),
        ("web.level=loud", "expected one of debug, info, error, found loud"),
        ("web.zones=a,B", 'expected a text like [a-z]+, found "B"'),
        ("web.zones=a,a", "a is there twice"),
        ("web.metrics=yes", 'expected true or false, found the text "yes"'),
        ("web.timeout=30", 'expected a duration such as 90s or 1h30m, found the text "30"'),
        ("web.timeout=10ms", "expected at least 1 seconds, found 10ms"),
        ("web.memory=1GB", 'expected a quantity such as 500m or 2Gi, found the text "1GB"'),
        ("web.nodes=a", 'expected key=value pairs, found the text "a"'),
        ('web.nodes={"a": 1}', "a: expected a text, found the number 1: quote it"),
        ("web.nodes={a", "not JSON"),
        ("web.namespace=Web", "expected a text like"),
        ("web.features.fsat=true", "web has no such feature; did you mean fast?"),
        ("web.fast=true", "--set web.fast: a feature, no parameter: --set web.features.fast=true"),
        ("web.fsat=true", "web has no such parameter; did you mean features.fast?"),
        ("web.features.level=x",
         "--set web.features.level: a parameter, no feature: --set web.level=VALUE"),
        ("web.features.slow=maybe", 'expected true or false, found "maybe"'),
        ("web.boost=3", ("--set: web.boost only matters with the feature fast, which is off: "
         "set web.features.fast=true")),
        ("web.features.turbo=true", ("--set: web.features.turbo needs the feature fast: "
         "set web.features.fast=true")),
    ],
)  # fmt: skip
def test_overrides_that_make_no_sense_are_refused(assignment, problem):
    """A wrong override names itself, what was expected, and the nearest right name."""
    assert problem in refusal(assignment)


REPEATING = """
features: {fast: {description: d}}
each: {teams: {places: []}}
parameters:
  teams:
    type: list
    default: []
    description: d
    places: [{feature: fast, object: ConfigMap/c, path: data.teams}]
  role:
    type: string
    default: reader
    description: d
    places: [{feature: fast, each: teams, object: Role/r, path: metadata.name}]
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"copies": 5}, "me.yaml:9: thing.copies is 5, which is more than thing.disks, 3"),
        ({"disks": 1}, "me.yaml:9: thing.copies is 2, which is more than thing.disks, 1"),
        ({"disks": 1, "copies": 1}, ""),
        ({"disks": 9, "copies": 9}, ""),
    ],
)
def test_a_parameter_may_be_bound_to_another(given, said):
    """Whoever says the value that does not go with the other is named, and what would."""
    place = "places: [{object: Deployment/thing, path: spec.replicas}]"
    component = fake.component(
        f"parameters: {{disks: {{type: integer, description: d, default: 3, {place}}}, "
        f"copies: {{type: integer, description: d, default: 2, atMost: disks, {place}}}}}"
    )
    choice = Choice(parameters=given)
    lines: Lines = {("spec", "components", "thing", "parameters", key): 9 for key in given}
    layer = Layer("me.yaml", {"thing": choice}, {}, {}, lines)
    problems: list[str] = []
    choose(component, Inputs([(choice, layer)]), problems)
    assert [each.partition(": set ")[0] for each in problems] == ([said] if said else [])


@pytest.mark.parametrize(
    ("said", "on"),
    [
        ({}, set()),
        ({"door": True}, {"door"}),
        ({"door": True, "wall": True}, {"door", "wall", "key", "ring"}),
        ({"door": True, "wall": True, "key": False}, {"door", "wall"}),
    ],
)
def test_a_default_feature_waits_for_what_it_requires(said, on):
    """On by itself where all of that is on, and what requires it in turn; nobody is refused."""
    component = fake.component(
        "features: {door: {description: d}, wall: {description: d}, "
        "ring: {description: d, default: true, requires: [key]}, "
        "key: {description: d, default: true, requires: [door, wall]}}"
    )
    layer = Layer("me.yaml", {"thing": Choice(features=said)}, {}, {}, {})
    problems: list[str] = []
    found = choose(component, Inputs([(Choice(features=said), layer)]), problems)
    assert (found.features, problems) == (on, [])


def test_a_feature_that_somebody_asks_for_does_not_wait():
    """What it requires is named, for a default alone gives way in silence."""
    component = fake.component(
        "features: {door: {description: d}, key: {description: d, default: true, requires: [door]}}"
    )
    choice = Choice(features={"key": True})
    problems: list[str] = []
    choose(component, Inputs([(choice, Layer("me.yaml", {"thing": choice}, {}, {}, {}))]), problems)
    assert [each.partition(": ")[2] for each in problems] == [
        "thing.features.key needs the feature door: set thing.features.door=true"
    ]


def test_a_list_that_layers_are_repeated_over_is_not_idle(tmp_path):
    """Whether the feature is on or off that it has places in as well; others with such are idle."""
    profiles = fake.profiles(tmp_path, p="components: {thing: {}}").profiles
    catalogue = Catalogue(profiles, {"thing": fake.component(REPEATING)})
    found = resolve(catalogue, "p", sets=("thing.teams=red",))
    assert setting(found, "teams", "thing").value == ["red"]
    with pytest.raises(ConfigError, match=r"thing\.role only matters with the feature fast"):
        resolve(catalogue, "p", sets=("thing.teams=red", "thing.role=admin"))
    assert resolve(catalogue, "p", sets=("thing.role=admin", "thing.features.fast=true"))


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("components:\n  web:\n    version: 2.0.0", 8,
         "spec.components.web.version: the catalogue has 1.4.0, not 2.0.0"),
        ("components:\n  wbe: {}", 7, "spec.components.wbe: no component is called wbe; did you"),
        ("components:\n  web:\n    parameters:\n      replicas: '3'", 9,
         'spec.components.web.parameters.replicas: expected a whole number, found the text "3"'),
        ("components:\n  web:\n    parameters:\n      level: 3", 9,
         "parameters.level: expected a text, found the number 3: quote it"),
        ("components:\n  web:\n    parameters:\n      zones: [a, 1]", 9,
         "parameters.zones: [1]: expected a text, found the number 1: quote it"),
        ("components:\n  web:\n    parameters:\n      zone: [a]", 9,
         "parameters.zone: web has no such parameter; did you mean zones?"),
        ("components:\n  web:\n    features:\n      quick: true", 9,
         "spec.components.web.features.quick: web has no such feature"),
        ("components:\n  web:\n    features:\n      level: true", 9,
         "spec.components.web.features.level: a parameter: it belongs in parameters"),
        ("components:\n  web:\n    parameters:\n      fast: true", 9,
         "spec.components.web.parameters.fast: a feature: it belongs in features"),
        ("components:\n  certs:\n    mode: skip", 8,
         "certs is skipped, but web requires issuer of it: if somebody else runs it, write mode"),
        ("components:\n  certs: null", 7,
         "certs is taken out, but web requires issuer of it: if somebody else runs it, write mode"),
        ("components:\n  agent: null", 7, "takes out a component that nothing before puts in"),
        ("components:\n  web:\n    features: {slow: true, fast: true}\n  agent: {}", 8,
         "web.features.slow excludes the feature fast, which is on"),
    ],
)  # fmt: skip
def test_files_that_make_no_sense_are_refused_with_their_line(tmp_path, text, line, problem):
    """The line is that of the value, in the file that has it."""
    stack = fake.stack_file(tmp_path, f"profile: base\n{text}")
    said = refusal(stack=stack)
    assert problem in said
    assert f"stack.yaml:{line}: " in said


def test_every_fault_is_reported_at_once(tmp_path):
    """Files and command line are mended in one go."""
    stack = fake.stack_file(tmp_path, "profile: base\ncomponents: {wbe: {}, certs: {version: '9'}}")
    said = refusal("web.replicas=0", "web.colour=red", stack=stack)
    assert all(word in said for word in ("wbe", "version", "replicas", "colour"))


def test_an_unknown_profile_is_refused_with_the_nearest():
    """The hint says how to list them."""
    with pytest.raises(ConfigError, match="no profile is called larg; did you mean large") as error:
        fake.resolved("larg")
    assert "stackctl profiles" in error.value.hint


# values


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("replicas", "3", 3),
        ("metrics", "false", False),
        ("level", "info", "info"),
        ("zones", "", []),
        ("zones", "a,b", ["a", "b"]),
        ("zones", r"a\,b,c", ["a,b", "c"]),
        ("zones", '["a", "b,c"]', ["a", "b,c"]),
        ("nodes", "a=b,c=d=e", {"a": "b", "c": "d=e"}),
        ("nodes", '{"a": "b"}', {"a": "b"}),
        ("motto", "a=b, c", "a=b, c"),
        ("motto", "", ""),
        ("motto", "null", None),
        ("memory", "2Gi", "2Gi"),
        ("timeout", "1h30m", "1h30m"),
    ],
)
def test_text_of_the_command_line_becomes_a_value(key, text, value):
    """The parameter's type says how its text is read."""
    parameter = fake.catalogue().components["web"].spec.parameters[key]
    assert parsed(parameter, text) == value


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("quantity", 2, "2"), ("quantity", 0.5, "0.5"), ("quantity", "1e3", "1e3"),
        ("quantity", "100m", "100m"), ("duration", "1.5h", "1.5h"), ("duration", "0", "0"),
        ("number", 1, 1), ("number", 1.5, 1.5), ("map", {}, {}), ("list", [], []),
    ],
)  # fmt: skip
def test_values_are_kept_as_kubernetes_takes_them(type_, given, kept):
    """Numbers given as quantities become texts."""
    spec = f"parameters: {{p: {{type: {type_}, description: d}}}}"
    assert checked(fake.component(spec).spec.parameters["p"], given) == kept


@pytest.mark.parametrize(
    ("spec", "given", "problem"),
    [
        ("{type: list, minimum: 1}", [], "expected at least 1 items, found 0"),
        ("{type: map, maximum: 1}", {"a": "b", "c": "d"}, "expected at most 1 items, found 2"),
        ("{type: quantity, maximum: 1024}", "2Ki", "expected at most 1024, found 2Ki"),
        ("{type: number, minimum: 0.5}", 0.25, "expected at least 0.5, found 0.25"),
        ("{type: integer, enum: [1, 2]}", 3, "expected one of 1, 2, found 3"),
        ("{type: boolean}", 1, "expected true or false, found the number 1"),
        ("{type: integer}", True, "expected a whole number, found true"),
    ],
)
def test_bounds_count_what_a_value_comes_to(spec, given, problem):
    """Items of lists and maps, bytes of quantities, seconds of durations."""
    text = f"parameters: {{p: {spec[:-1]}, description: d}}}}"
    with pytest.raises(ValueError, match=problem):
        checked(fake.component(text).spec.parameters["p"], given)
