"""What users write is accepted once the catalogue is deployed, and their mistakes are refused.

The samples of a component are in `samples/<component>/accepted` and `rejected`; a comment in the
first line of each rejected one says what the API server must answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stackctl.actions.compose import compose_stack
from stackctl.cluster.connection import Connection
from stackctl.errors import Rejected
from stackctl.model.catalogue.component import Component
from stackctl.model.objects.refs import Manifest, ref_of, version_of
from stackctl.sources.files import read_catalogue
from stackctl.sources.yaml import load_all
from tests.apiserver.misspellings import misspelt
from tests.apiserver.shipped import COMPONENTS, MANIFESTS, connected, deployed, profile_of
from tests.choices import TO_BE_SET
from tests.schemas import DEFINITIONS, open_in, schemas
from tests.standins import remote

SAMPLES = Path(__file__).parent / "samples"
CANARY = Path(__file__).parents[2] / "examples" / "canary"


# What comes from elsewhere has schemas of its own, which are not ours to try.
pytestmark = pytest.mark.timeout(900)  # so much is deployed first
LOCAL = [name for name in COMPONENTS if name not in remote()]
EVERYTHING = [f"{name}: {{}}" for name in LOCAL]


@pytest.fixture(scope="module")
def target(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A cluster with every shipped component, deployed as a user deploys them."""
    folder = tmp_path_factory.mktemp("catalogue")
    request = profile_of(folder, "samples", *EVERYTHING, extends="gpu8")
    with connected(kubeconfig) as connection, deployed(request, connection):
        yield connection


def each(paths: Iterable[Path], root: Path) -> pytest.MarkDecorator:
    """Run a test for each file, under its name below a folder."""
    files = sorted(paths)
    return pytest.mark.parametrize(
        "path", files, ids=[str(path.relative_to(root).with_suffix("")) for path in files]
    )


def submit(path: Path, target: Connection) -> None:
    """Create the objects of a file strictly and in a dry run, as `kubectl create` would."""
    submit_all(objects_of(path), target)


def objects_of(path: Path) -> list[Manifest]:
    return [document.value for document in load_all(path.read_text(), path.name)]


def submit_all(manifests: Sequence[Manifest], target: Connection) -> None:
    """Create objects in a dry run; some may be in a namespace that is one of them."""
    brought = {each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"}
    for manifest in manifests:
        metadata = manifest["metadata"]
        if metadata.get("namespace") in brought:  # which a dry run does not make
            metadata = metadata | {"namespace": "default"}
        _submit(manifest | {"metadata": metadata}, target)


def _submit(manifest: Manifest, target: Connection) -> None:
    ref = ref_of(manifest)
    resource = target.discovery.find(ref.group, ref.kind, version_of(manifest))
    assert resource is not None, f"{manifest['apiVersion']} {ref.kind} is not served"
    namespace = ref.namespace or "default" if resource.namespaced else ""
    target.client.create(resource.path(namespace), manifest, dry_run=True)


@each(SAMPLES.glob("*/accepted/*.yaml"), SAMPLES)
def test_an_object_of_the_documentation_is_accepted(target, path):
    """Nothing in it is unknown to the schemas, and nothing is refused."""
    submit(path, target)


def test_the_steps_of_the_canary_are_accepted(target):
    """Its namespace, its models, and the route that splits what is asked of them."""
    steps = sorted(CANARY.glob("[0-9]-*.yaml"))
    assert len(steps) == 3
    submit_all([each for path in steps for each in objects_of(path)], target)


@each(MANIFESTS.glob("*/smoke/*.yaml"), MANIFESTS)
def test_a_smoke_test_is_accepted(target, path):
    """Components are shipped with objects that can be tried at once."""
    submit(path, target)


@each(SAMPLES.glob("*/rejected/*.yaml"), SAMPLES)
def test_a_mistake_is_refused_and_named(target, path):
    """The answer says which field is wrong, in the words of the file's first line."""
    comment, _, expected = path.read_text().partition("\n")[0].partition(" ")
    assert comment == "#", "the first line is to say what the API server answers"
    with pytest.raises(Rejected) as refused:
        submit(path, target)
    assert refused.value.status in (400, 422)  # by its schema, not for another reason
    assert expected in str(refused.value)


SCHEMAS = {
    (definition["spec"]["names"]["kind"], version): (schema, open_in(name))
    for name, definition in DEFINITIONS.items()
    for version, schema in schemas(definition)
}
OWN = [
    path
    for path in (*SAMPLES.glob("*/accepted/*.yaml"), *MANIFESTS.glob("*/smoke/*.yaml"))
    if any(
        (each.value["kind"], each.value["apiVersion"]) in SCHEMAS
        for each in load_all(path.read_text(), path.name)
    )
]


@each(OWN, MANIFESTS.parent)
def test_every_misspelt_field_of_a_sample_is_refused(target, path):
    """However deep it is, and whichever of its neighbours are right."""
    for document in load_all(path.read_text(), path.name):
        manifest = document.value
        if (known := SCHEMAS.get((manifest["kind"], manifest["apiVersion"]))) is None:
            continue
        wrong, names = misspelt(manifest, *known)
        assert names
        with pytest.raises(Rejected) as refused:
            _submit(wrong, target)
        said = str(refused.value)
        assert [name for name in names if f'unknown field "{name}"' not in said] == []


def sides(component: Component) -> list[set[str]]:
    """Sort a component's features into groups that can be on together."""
    groups: list[set[str]] = []
    for name, feature in component.spec.features.items():
        others = {*feature.conflicts} | {
            each for each, its in component.spec.features.items() if name in its.conflicts
        }
        needed = {name, *feature.requires}
        group = next((each for each in groups if not each & others), None)
        if group is None:
            groups.append(needed)
        else:
            group |= needed
    return groups


@pytest.mark.parametrize("component", LOCAL)
def test_what_features_bring_is_accepted(target, component, tmp_path):
    """All that can be on together, applied strictly and in a dry run over what is there."""
    features = read_catalogue().components[component].spec.features
    others = [each for each in EVERYTHING if not each.startswith(f"{component}:")]
    for number, on in enumerate(sides(read_catalogue().components[component])):
        switches = ", ".join(f"{name}: {str(name in on).lower()}" for name in features)
        said = ", ".join(
            TO_BE_SET[component, name] for name in on if (component, name) in TO_BE_SET
        )
        ours = f"{component}: {{features: {{{switches}}}, parameters: {{{said}}}}}"
        asked = profile_of(tmp_path, f"side-{number}", ours, *others, extends="gpu8")
        composed = compose_stack(replace(asked, stack="samples"))
        part = next(each for each in composed.bundle.components if each.name == component)
        for manifest in part.objects:
            ref = ref_of(manifest)
            resource = target.discovery.find(ref.group, ref.kind, version_of(manifest))
            assert resource is not None, f"{manifest['apiVersion']} {ref.kind} is not served"
            path = f"{resource.path(ref.namespace)}/{ref.name}"
            target.client.apply(path, manifest, manager=composed.stack.manager, dry_run=True)


def test_models_are_served_where_pods_are_restricted(target):
    """The download before, and every server that is on: the namespace of KServe enforces that."""
    api = "/apis/serving.kserve.io/v1alpha1"
    download = target.client.get(f"{api}/clusterstoragecontainers/default")["spec"]["container"]
    for runtime in target.client.list(f"{api}/clusterservingruntimes").items:
        servers = [
            {key: part[key] for key in ("name", "image", "securityContext")}
            for part in runtime["spec"]["containers"]
        ]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "model", "namespace": "kserve"},
            "spec": {"initContainers": [download], "containers": servers},
        }
        target.client.create("/api/v1/namespaces/kserve/pods", pod, dry_run=True)


DEFINERS = sorted({path.relative_to(MANIFESTS).parts[0] for path in MANIFESTS.rglob("crd-*.yaml")})


@pytest.mark.parametrize("component", DEFINERS)
def test_a_component_with_kinds_of_its_own_has_samples_of_both_kinds(component):
    """What is shipped is tried: nothing is left out by accident."""
    for kind in ("accepted", "rejected"):
        assert list((SAMPLES / component / kind).glob("*.yaml"))
