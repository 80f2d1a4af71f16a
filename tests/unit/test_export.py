"""What an export has in it: whole, in order, nobody's, and nothing secret unless it is named."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.errors import RenderError, UsageError
from stackctl.model.catalogue.component import Place
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.export.contents import exported
from stackctl.model.export.exported import Export, Repository
from stackctl.model.export.formats import ExportFormat
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    Ref,
    ref_of,
)
from stackctl.model.ownership.conflict_policy import Contest
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.ownership.stack_id import StackId
from stackctl.sources import yaml
from stackctl.sources.components import YAML
from tests.documents import faults
from tests.unit import fake

STACK = StackId("ml")
HOME = Repository("https://git.example.com/ml.git", folder="clusters/a")
VALUE = "correct-horse-battery"


def shipped() -> Bundle:
    """Compose what is shipped, the schemas of its definitions left out: they take seconds."""
    found = compose_stack(StackRequest(profile="gpu8", stack="ml")).bundle
    parts = (
        replace(part, objects=tuple(map(without_schema, part.objects))) for part in found.components
    )
    return replace(found, components=tuple(parts))


def without_schema(manifest: Manifest) -> Manifest:
    if manifest["kind"] != "CustomResourceDefinition":
        return manifest
    versions = [{"name": each["name"]} for each in manifest["spec"]["versions"]]
    return manifest | {"spec": manifest["spec"] | {"versions": versions}}


SHIPPED = shipped()
LABELS = {MANAGED_BY: "stackctl", STACK_LABEL: "ml", COMPONENT_LABEL: "a"}


def thing(kind: str, name: str, namespace: str = "a", **fields: Any) -> Manifest:
    metadata = {"name": name, "labels": LABELS} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def bundle(*objects: Manifest, **fields: Any) -> Bundle:
    return Bundle("p", (BundleComponent("a", "1.2", "a", objects, **fields),))


def made(what: Bundle, format: str = "plain", **more: Any) -> Export:
    return exported(what, STACK, ExportFormat(format), yaml=YAML, repository=HOME, **more)


def texts(export: Export) -> dict[str, str]:
    return {file.path: file.text for file in export.files}


def objects(export: Export) -> dict[Ref, Manifest]:
    """Read every file of an object back, as kubectl or Helm would."""
    found = {}
    for path, text in texts(export).items():
        if "/" in path and not path.endswith(("kustomization.yaml", "Chart.yaml")):
            manifest = yaml.load(text.replace('{{ "{{" }}', "{{"))
            found[ref_of(manifest)] = manifest
    return found


def without_annotations(manifest: Manifest) -> Manifest:
    return manifest | {"metadata": manifest["metadata"] | {"annotations": None}}


def unowned(manifest: Manifest) -> Manifest:
    labels = manifest["metadata"]["labels"]
    kept = {key: labels[key] for key in labels.keys() - {MANAGED_BY, STACK_LABEL}}
    return manifest | {"metadata": manifest["metadata"] | {"labels": kept}}


@pytest.mark.parametrize("format", ExportFormat)
def test_every_object_is_in_it_once_and_nobody_owns_it(format):
    """The labels that say whose it is are gone, everything else is what a deploy applies."""
    found = objects(made(SHIPPED, format))
    wanted = {ref_of(each): unowned(each) for each in SHIPPED.manifests}
    assert found.keys() == wanted.keys()
    plain = format in ("plain", "kustomize")
    for ref, manifest in wanted.items():
        if plain:
            assert found[ref] == manifest
        else:  # an annotation says what is never to go
            assert without_annotations(found[ref]) == without_annotations(manifest)


@pytest.mark.parametrize("format", ExportFormat)
def test_the_same_input_gives_the_same_files(format):
    assert made(fake.rendered("large"), format) == made(fake.rendered("large"), format)


def test_files_keep_their_names_when_objects_come_and_go():
    """A name tells the kind's place in the order, and nothing of the neighbours."""
    one = texts(made(bundle(thing("Service", "s"), thing("ConfigMap", "c"))))
    two = texts(made(bundle(thing("Service", "s"), thing("ConfigMap", "b"), thing("Secret", "x"))))
    assert "a/4-service-s.yaml" in one.keys() & two.keys()
    assert "a/3-configmap-c.yaml" in one


def test_two_objects_are_two_files():
    """Of one name in two namespaces; of names that differ in what no file name can have."""
    found = made(
        bundle(
            thing("Role", "r"),
            thing("Role", "r", "b"),
            thing("Role", "x:y"),
            thing("Role", "x-y"),
            thing("Role", "X-y"),
            thing("Role", "long" * 60),
        )
    )
    paths = [path.lower() for path in texts(found)]
    assert len(set(paths)) == len(paths) == 7
    assert max(map(len, paths)) < 230


# --- secrets


SECRET = thing("Secret", "token", stringData={"token": VALUE})
DEPLOYMENT = thing("ConfigMap", "settings", data={"password": VALUE, "other": "x"})
PLACE = ((ref_of(DEPLOYMENT), Place(object="ConfigMap/settings", path="data.password")),)


@pytest.mark.parametrize("format", ExportFormat)
def test_a_secret_stays_out_and_it_is_said_how_to_make_it(format):
    export = made(bundle(SECRET, thing("ConfigMap", "c")), format)
    assert export.withheld == (ref_of(SECRET),)
    assert not any(VALUE in text or "secret-token" in path for path, text in texts(export).items())
    command = "kubectl create secret generic -n a token --from-literal=token=…"
    assert command in texts(export)["EXPORT.md"]


@pytest.mark.parametrize("format", ExportFormat)
def test_a_secret_that_is_named_is_written_for_its_owner_alone(format):
    export = made(bundle(SECRET, thing("ConfigMap", "c")), format, named=["Secret/a/token"])
    (private,) = [file for file in export.files if file.private]
    assert VALUE in private.text
    assert export.withheld == ()


def test_a_secret_that_a_run_would_make_has_to_be_made_by_others():
    """It is no object of the stack, and nobody knows its value; where it is to be is said."""
    export = made(bundle(thing("ConfigMap", "c"), credentials=(SECRET,)))
    assert export.withheld == (ref_of(SECRET),)
    assert ref_of(SECRET) not in objects(export)
    assert "secret generic -n a token --from-literal=token=…" in texts(export)["EXPORT.md"]


def test_what_must_be_there_and_holds_a_secret_is_refused_until_it_is_named():
    """A ConfigMap cannot be left out, for programs would not start."""
    what = bundle(DEPLOYMENT, secrets=PLACE)
    with pytest.raises(RenderError, match="ConfigMap/a/settings: holds") as refusal:
        made(what)
    assert "--with-secret ConfigMap/a/settings" in refusal.value.hint
    assert VALUE not in str(refusal.value)
    assert [file.private for file in made(what, named=["ConfigMap/a/settings"]).files] == [
        True,
        False,
    ]


def test_a_secret_without_values_is_an_object_like_others():
    """Operators fill it; it only has to be there."""
    empty = thing("Secret", "certificates")
    assert ref_of(empty) in objects(made(bundle(empty)))


def test_naming_what_has_no_secret_is_a_mistake():
    with pytest.raises(UsageError, match=r"Secret/a/tokn.*there: Secret/a/token"):
        made(bundle(SECRET), named=["Secret/a/tokn"])


# --- the order


def waves(export: Export) -> dict[Ref, int]:
    """Return the sync wave of each object."""
    return {
        ref: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for ref, each in objects(export).items()
    }


def test_argo_cd_comes_to_a_component_after_everything_it_needs():
    """A wave that has to be healthy first is no wave of what would make it so."""
    wave = waves(made(SHIPPED, "argocd"))
    of_part = {
        part.name: [wave[ref_of(each)] for each in part.objects] for part in SHIPPED.components
    }
    for part in SHIPPED.components:
        for need in part.needs:
            assert max(of_part[need]) < min(of_part[part.name])
    by_kind = {ref.kind: number for ref, number in wave.items() if "kserve" in ref.name}
    assert by_kind["CustomResourceDefinition"] < by_kind["Deployment"]
    assert (
        by_kind["Deployment"]
        == wave[
            Ref(
                "admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration",
                "",
                "servingruntime.serving.kserve.io",
            )
        ]
    )
    assert by_kind["Deployment"] < by_kind["ClusterServingRuntime"]


def test_flux_comes_to_a_component_after_everything_it_needs():
    """What own webhooks look at is a unit of its own; who needs the component waits for it."""
    files = texts(made(SHIPPED, "flux"))
    documents = [each.value for each in yaml.load_all(files["flux.yaml"])][1:]
    needs = {
        each["metadata"]["name"]: [need["name"] for need in each["spec"].get("dependsOn", ())]
        for each in documents
    }
    assert needs["ml-kserve"] == ["ml-cert-manager"]
    assert needs["ml-kserve-2"] == ["ml-kserve"]
    for each in documents:
        folder = each["spec"]["path"].removeprefix("./clusters/a/")
        assert f"{folder}/kustomization.yaml" in files
    assert "kserve/8-clusterservingruntime-kserve-sklearnserver.yaml" not in files


def test_who_needs_a_component_waits_for_all_of_it():
    """With its custom resources, which come last."""
    users = BundleComponent("z", "1", "z", (thing("ConfigMap", "c", "z"),), frozenset({"kserve"}))
    more = replace(SHIPPED, components=(*SHIPPED.components, users))
    files = texts(made(more, "flux"))
    last = [each.value for each in yaml.load_all(files["flux.yaml"])][-1]
    assert last["spec"]["dependsOn"] == [{"name": "ml-kserve-2"}]
    wave = waves(made(more, "argocd"))
    runtime = Ref("serving.kserve.io", "ClusterServingRuntime", "", "kserve-sklearnserver")
    assert wave[Ref("", "ConfigMap", "z", "c")] > wave[runtime]


def hooked(when: str) -> Manifest:
    notes = {"stackctl.dev/runs": when, "helm.sh/hook": "pre-install", "a": "b"}
    job = thing("Job", when) | {"apiVersion": "batch/v1"}
    return job | {"metadata": job["metadata"] | {"annotations": notes}}


def test_what_runs_before_and_after_the_others_has_its_place_in_the_order():
    """By it alone: who applies an export has other moments for Helm's hooks."""
    what = bundle(
        thing("Namespace", "a", ""), hooked("before"), thing("ConfigMap", "c"), hooked("after")
    )
    wave = {ref.name: number for ref, number in waves(made(what, "argocd")).items()}
    assert wave["a"] < wave["before"] < wave["c"] <= wave["after"]
    for format in ("flux", "helm"):
        paths = {
            path.rpartition("-")[2]: path.partition("/")[0] for path in texts(made(what, format))
        }
        assert (paths["before.yaml"], paths["c.yaml"]) == ("a", "a-2")
    for format in ("flux", "helm", "argocd"):
        assert not any("helm.sh/hook" in text for text in texts(made(what, format)).values())
    assert "helm.sh/hook" in texts(made(what))["a/5-job-before.yaml"]
    told = texts(made(what))["EXPORT.md"]
    assert "is to wait for them:\n\n- Job/a/before\n\n" in told
    assert "wait for them" not in texts(made(what, ExportFormat.FLUX))["EXPORT.md"]
    assert "wait for them" not in texts(made(bundle(thing("ConfigMap", "c"))))["EXPORT.md"]


def test_every_folder_of_a_kustomization_is_listed_in_order():
    files = texts(made(SHIPPED, "kustomize"))
    root = yaml.load(files["kustomization.yaml"])
    assert root["resources"] == [part.name for part in SHIPPED.components]
    for part in SHIPPED.components:
        listed = yaml.load(files[f"{part.name}/kustomization.yaml"])["resources"]
        read = [ref_of(yaml.load(files[f"{part.name}/{name}"])) for name in listed]
        assert read == [ref_of(each) for each in part.objects]


# --- Argo CD and Flux take it: what their definitions say of the fields that are written


def fields(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


TEXT = {"type": "string"}
DURATION = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"}
TEXTS = {"type": "array", "items": TEXT}
METADATA = fields("name namespace", name=TEXT, namespace=TEXT)
APPLICATION = fields(
    "apiVersion kind metadata spec",
    apiVersion={"const": "argoproj.io/v1alpha1"},
    kind={"const": "Application"},
    metadata=METADATA,
    spec=fields(
        "destination project",
        project=TEXT,
        source=fields("repoURL", repoURL=TEXT, targetRevision=TEXT, path=TEXT),
        destination=fields("", server=TEXT, namespace=TEXT, name=TEXT),
        ignoreDifferences={
            "type": "array",
            "items": fields(
                "kind",
                group=TEXT,
                kind=TEXT,
                name=TEXT,
                namespace=TEXT,
                jsonPointers=TEXTS,
                jqPathExpressions=TEXTS,
                managedFieldsManagers=TEXTS,
            ),
        },
        syncPolicy=fields(
            "",
            syncOptions=TEXTS,
            retry=fields(
                "",
                limit={"type": "integer"},
                backoff=fields("", duration=TEXT, factor={"type": "integer"}, maxDuration=TEXT),
            ),
        ),
    ),
)
GIT_REPOSITORY = fields(
    "apiVersion kind metadata spec",
    apiVersion={"const": "source.toolkit.fluxcd.io/v1"},
    kind={"const": "GitRepository"},
    metadata=METADATA,
    spec=fields(
        "interval url",
        interval=DURATION,
        url={"type": "string", "pattern": "^(http|https|ssh)://.*$"},
        ref=fields("", branch=TEXT),
    ),
)
KUSTOMIZATION = fields(
    "apiVersion kind metadata spec",
    apiVersion={"const": "kustomize.toolkit.fluxcd.io/v1"},
    kind={"const": "Kustomization"},
    metadata=METADATA,
    spec=fields(
        "interval prune sourceRef",
        dependsOn={"type": "array", "items": fields("name", name=TEXT, namespace=TEXT)},
        interval=DURATION,
        retryInterval=DURATION,
        timeout=DURATION,
        path=TEXT,
        prune={"type": "boolean"},
        wait={"type": "boolean"},
        sourceRef=fields(
            "kind name",
            kind={"enum": ["OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"]},
            name=TEXT,
        ),
    ),
)


def contested() -> Bundle:
    """Have fields that others write, said in each of the ways there are."""
    ref = Ref("apps", "Deployment", "a", "d")
    return bundle(
        thing("ConfigMap", "c"),
        ignored=((ref, "spec.replicas"), (ref, "spec.containers[name=m].image")),
        contested=(
            Contest(Verdict.YIELD, "scaler", ref, 'metadata.annotations["a.b/c"]'),
            Contest(Verdict.YIELD, "other"),
            Contest(Verdict.OVERRIDE, "kubectl"),
        ),
    )


@pytest.mark.parametrize("make", [lambda: SHIPPED, contested], ids=["shipped", "contested"])
def test_argo_cd_takes_the_application(make: Callable[[], Bundle]):
    application = yaml.load(texts(made(make(), "argocd"))["application.yaml"])
    assert faults(application, APPLICATION) == []
    assert application["spec"]["source"]["path"] == "clusters/a"


def test_argo_cd_leaves_to_others_what_stackctl_does():
    application = yaml.load(texts(made(contested(), "argocd"))["application.yaml"])
    named = {"group": "apps", "kind": "Deployment", "name": "d", "namespace": "a"}
    assert application["spec"]["ignoreDifferences"] == [
        named | {"jsonPointers": ["/spec/replicas"]},
        named
        | {"jqPathExpressions": ['."spec"."containers"[] | select(."name" == "m") | ."image"']},
        named | {"jsonPointers": ["/metadata/annotations/a.b~1c"]},
        {"group": "*", "kind": "*", "namespace": "a", "managedFieldsManagers": ["other"]},
    ]


def test_flux_takes_everything_it_is_given():
    source, *rest = [
        each.value for each in yaml.load_all(texts(made(SHIPPED, "flux"))["flux.yaml"])
    ]
    assert faults(source, GIT_REPOSITORY) == []
    assert rest
    assert [fault for each in rest for fault in faults(each, KUSTOMIZATION)] == []


@pytest.mark.parametrize("format", ["argocd", "flux"])
def test_who_pulls_has_to_know_from_where(format):
    with pytest.raises(UsageError, match="which repository"):
        exported(SHIPPED, STACK, ExportFormat(format), yaml=YAML)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("https://joe:hunter2@git.example.com/ml.git", "."),
        ("https://ghp_abcdef@git.example.com/ml.git", "."),
        ("ml.git", "."),
        ("https://git.example.com/ml.git", "../a"),
        ("https://git.example.com/ml.git", "/a"),
    ],
)
def test_an_address_that_cannot_be_committed_is_refused(url, folder):
    """A login in it would be there for every reader; and it is not repeated."""
    with pytest.raises(UsageError) as refusal:
        Repository(url, folder=folder)
    assert "hunter2" not in str(refusal.value)
    assert "ghp_" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("git@git.example.com:team/ml.git", "ssh://git@git.example.com/team/ml.git"),
        ("ssh://git@git.example.com/ml.git", "ssh://git@git.example.com/ml.git"),
    ],
)
def test_an_address_as_git_writes_it_becomes_one_with_a_scheme(url, address):
    assert Repository(url).address == address


STAYING = {
    "argocd": ("argocd.argoproj.io/sync-options", "Prune=false,Delete=false"),
    "flux": ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    "helm": ("helm.sh/resource-policy", "keep"),
}


@pytest.mark.parametrize("format", STAYING)
def test_what_users_made_does_not_go_with_a_file(format):
    """Definitions, namespaces and volumes stay when they leave the repository."""
    key, value = STAYING[format]
    what = bundle(
        thing("Namespace", "a", ""), thing("PersistentVolumeClaim", "d"), thing("ConfigMap", "c")
    )
    said = {
        ref.kind: (each["metadata"].get("annotations") or {}).get(key)
        for ref, each in objects(made(what, format)).items()
    }
    assert said == {"Namespace": value, "PersistentVolumeClaim": value, "ConfigMap": None}


# --- Helm


def test_a_chart_has_nothing_to_set_and_reads_back_as_it_was():
    """Braces of programs' own templates are escaped, definitions lie where Helm wants them."""
    text = "{{ .Values.x }} and {{{y}}}"
    files = texts(made(bundle(thing("ConfigMap", "c", data={"t": text})), "helm"))
    template = files["a/templates/3-configmap-c.yaml"]
    assert "{{" not in template.replace('{{ "{{" }}', "")
    assert yaml.load(template.replace('{{ "{{" }}', "{{"))["data"]["t"] == text
    shipped = texts(made(SHIPPED, "helm"))
    definitions = [path for path in shipped if "customresourcedefinition" in path]
    assert definitions
    assert all("/crds/" in path for path in definitions)
    assert "kserve-2/Chart.yaml" in shipped


@pytest.mark.parametrize(
    ("version", "chart"),
    [("1.2", "1.2.0+"), ("v1.20.3", "1.20.3+"), ("1.0.0-rc.1", "1.0.0-rc.1+"), ("new", "0.0.0+")],
)
def test_the_version_of_a_chart_is_one_and_moves_with_its_content(version, chart):
    def written(data: Mapping[str, str]) -> str:
        what = bundle(thing("ConfigMap", "c", data=data))
        part = replace(what.components[0], version=version)
        files = texts(made(replace(what, components=(part,)), "helm"))
        return str(yaml.load(files["a/Chart.yaml"])["version"])

    assert written({"a": "1"}).startswith(chart)
    assert written({"a": "1"}) == written({"a": "1"}) != written({"a": "2"})


def test_a_component_that_somebody_else_runs_is_nobodys_folder():
    """Nothing of it is there, and nobody waits for it."""
    outside = BundleComponent("z", "1", "z", ())
    inside = BundleComponent("a", "1", "a", (thing("ConfigMap", "c"),), frozenset({"z"}))
    files = texts(made(Bundle("p", (outside, inside)), "flux"))
    assert not any(path.startswith("z/") for path in files)
    assert "dependsOn" not in files["flux.yaml"]


def test_the_small_catalogue_can_be_exported_in_every_form():
    for format in ExportFormat:
        assert made(fake.rendered("large"), format).files
