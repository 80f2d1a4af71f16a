"""Every shipped profile comes to what was recorded; changed manifests show as a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.catalogue.attributes import holes_in
from stackctl.model.catalogue.component import Component
from stackctl.model.catalogue.parameters import parameters_of, text_of
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, digest
from stackctl.sources import yaml
from stackctl.sources.files import read_catalogue
from stackctl.sources.folders import catalogues
from tests.choices import TO_BE_SET, clash
from tests.standins import is_remote

GOLDEN = Path(__file__).parent
ROOT = GOLDEN.parents[1]
PROFILES = sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml"))


def documents(bundle: Bundle) -> Iterator[str]:
    """Write a bundle; long schemas, which pass through unchanged, as their digest."""
    yield f"# profile {bundle.profile}, requires {bundle.requires}\n"
    for part in bundle.components:
        needs = ", ".join(sorted(part.needs)) or "nothing"
        yield f"---\n# component {part.name} {part.version} in {part.namespace}, needs {needs}\n"
        yield "---\n".join(yaml.dump(brief(manifest)) for manifest in part.objects)


def brief(manifest: Manifest) -> Manifest:
    """Replace the schemas of a CRD by their digest."""
    if manifest["kind"] != "CustomResourceDefinition":
        return manifest
    versions = [
        {key: digest(value) if key == "schema" else value for key, value in version.items()}
        for version in manifest["spec"]["versions"]
    ]
    return manifest | {"spec": manifest["spec"] | {"versions": versions}}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_comes_to_what_was_recorded(profile, request):
    """Rendered twice it is the same text, and the text in the file."""
    asked = StackRequest(profile=profile, stack="golden")
    text = "".join(documents(compose_stack(asked).bundle))
    assert "".join(documents(compose_stack(asked).bundle)) == text
    path = GOLDEN / f"{profile}.yaml"
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "review: pytest --update-golden; git diff"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_image_can_come_from_another_registry(profile, tmp_path):
    """Wherever it is named: in Pods, in custom resources, in documents inside ConfigMaps."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mirrored.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: mirrored}\n"
        f"spec: {{extends: {profile}, settings: {{imageRegistry: registry.example.com/m}}}}\n",
        encoding="utf-8",
    )
    composed = compose_stack(StackRequest(profile="mirrored", catalogs=(tmp_path,)))
    parts = composed.selection.components
    hosts = {
        image.image.partition("/")[0] for each in parts for image in each.component.spec.images
    }
    left = [
        line.strip()
        for part in composed.bundle.components
        for manifest in map(brief, part.objects)
        if manifest["kind"] != "ValidatingAdmissionPolicy"  # says what an image's name means
        for line in yaml.dump(manifest).splitlines()
        if any(f"{host}/" in line for host in hosts)
    ]
    assert left == []


def test_every_recorded_profile_exists():
    """A profile that is gone leaves no golden file."""
    assert sorted(path.stem for path in GOLDEN.glob("*.yaml")) == PROFILES


COMPONENTS = sorted(path.name for path in (ROOT / "manifests").iterdir() if path.is_dir())


def alone(component: str, tmp_path: Path, lines: str = "") -> StackRequest:
    """Ask for a stack of one component, everybody else being somebody else's."""
    catalogue = read_catalogue().components
    there = [catalogue[component]]
    for each in sorted(catalogue.values(), key=is_remote):
        if each.name != component and not any(clash(each, other) for other in there):
            there.append(each)
    others = [
        f"    {each.name}: {{mode: external, attributes: {{{_said(each)}}}}}" for each in there[1:]
    ]
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "alone.yaml").write_text(
        "apiVersion: stackctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: alone}\nspec:\n"
        f"  components:\n    {component}:\n{lines}" + "\n".join(["", *others]),
        encoding="utf-8",
    )
    return StackRequest(profile="alone", stack="golden", catalogs=(tmp_path,))


def _said(component: Component) -> str:
    """Say what somebody else's component would tell others of itself."""
    said = {
        name: "elsewhere" if name.endswith(".namespace") else _elsewhere(component, text)
        for name, text in component.spec.attributes.items()
    }
    return ", ".join(f"{name}: {text!r}" for name, text in said.items())


# What has no default, and is no address.
_SAID = {"domain": "example.com", "className": "nginx", "authentication": "asks=who-comes"}


def _elsewhere(component: Component, text: str) -> str:
    """Give a value of the kind that an attribute has: itself, a default, or an address."""
    holes = holes_in(text)
    if not holes:
        return text
    declared = parameters_of(component)[holes[0]]
    alone = text == f"{{{holes[0]}}}"
    if alone and (declared.default is not None or holes[0] in _SAID):
        return text_of(_SAID.get(holes[0], declared.default))
    scheme, there, _ = ("http", "://", "") if text.startswith("{") else text.rpartition("://")
    return f"{scheme}{there}elsewhere.example.com"


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_can_live_in_another_namespace(component, tmp_path, stand_ins):
    """Nothing of it still names the old one where a namespace is meant."""
    spec = read_catalogue().components[component].spec
    lines = f"      parameters: {{namespace: moved-elsewhere}}\n      {stand_ins.choice(component)}"
    part = next(
        each
        for each in compose_stack(alone(component, tmp_path, lines)).bundle.components
        if each.name == component
    )
    assert part.namespace == "moved-elsewhere"
    text = "".join(map(yaml.dump, part.objects))
    old = spec.namespace
    left = [f"namespace: {old}", f".{old}.svc", f"inject-ca-from: {old}/", f"namespaces/{old}"]
    assert [
        each for each in left if f"{each}\n" in text or (each[-1] in "/c" and each in text)
    ] == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_feature_of_a_component_can_be_on(component, tmp_path, stand_ins):
    """Alone with what it requires, a feature composes."""
    features = read_catalogue().components[component].spec.features
    for number, name in enumerate(features):
        on, open_ = set(), [name]
        while open_:
            on.add(open_[-1])
            open_ += features[open_.pop()].requires
        folder = tmp_path / str(number)
        folder.mkdir()
        switches = ", ".join(f"{key}: {str(key in on).lower()}" for key in features)
        lines = f"      features: {{{switches}}}\n      {stand_ins.choice(component)}\n"
        lines += f"      parameters: {{{TO_BE_SET.get((component, name), '')}}}\n"
        composed = compose_stack(alone(component, folder, lines))
        chosen = next(
            each for each in composed.selection.components if each.component.name == component
        )
        assert chosen.features == on


@pytest.mark.parametrize(
    ("profile", "format_", "version", "protocol"),
    [
        ("base", "sklearn", "1", "v2"),
        ("base", "xgboost", "2", "v1"),
        ("base", "lightgbm", "4", "v2"),
        ("base", "tensorflow", "2", "grpc-v1"),
        ("base", "onnx", "1", "v2"),
        ("gpu8", "huggingface", "1", "v1"),
        ("gpu8", "tensorrt", "8", "v2"),
        ("gpu8", "tensorrt", "10", "grpc-v2"),
    ],
)
def test_a_model_finds_a_server(profile, format_, version, protocol):
    """Chosen by itself, for the formats and versions that KServe's own examples ask for."""
    bundle = compose_stack(StackRequest(profile=profile, stack="golden")).bundle
    servers = [
        manifest["spec"]
        for part in bundle.components
        for manifest in part.objects
        if manifest["kind"] == "ClusterServingRuntime"
    ]
    assert [
        each
        for each in servers
        if protocol in each["protocolVersions"]
        for one in each["supportedModelFormats"]
        if (one["name"], one["version"], one.get("autoSelect")) == (format_, version, True)
    ]


def test_what_is_shipped_is_this_checkouts():
    """The tests look at the files beside them."""
    assert catalogues([], env={}) == (ROOT,)
