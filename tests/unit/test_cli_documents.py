"""What programs read: versioned documents, without manifests and without secrets."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import stackctl
from stackctl.actions.compare import Compared
from stackctl.actions.components import contents
from stackctl.actions.compose import StackRequest
from stackctl.actions.credentials import GeneratedValue, Rotation
from stackctl.actions.explain import explain
from stackctl.actions.export import ExportOutcome
from stackctl.actions.import_profile import ImportedProfile
from stackctl.actions.lint import lint_components
from stackctl.actions.lock import LockOutcome
from stackctl.actions.new_component import Started
from stackctl.actions.outdated import ComponentVersions, Outdated
from stackctl.actions.profiles import described
from stackctl.cli.report.catalogue.comparison import comparison_document
from stackctl.cli.report.catalogue.components import component_result, components_document
from stackctl.cli.report.catalogue.explain import explain_result
from stackctl.cli.report.catalogue.export import export_document
from stackctl.cli.report.catalogue.imported import imported_document
from stackctl.cli.report.catalogue.lint import lint_document
from stackctl.cli.report.catalogue.lock import lock_document, outdated_document
from stackctl.cli.report.catalogue.new import new_document
from stackctl.cli.report.catalogue.profiles import profile_document, profiles_document
from stackctl.cli.report.credentials import credentials_document, rotation_result
from stackctl.cli.report.diff import diff_document
from stackctl.cli.report.failure import error_document
from stackctl.cli.report.history import history_document
from stackctl.cli.report.outcome import deploy_document, smoke_document, teardown_document
from stackctl.cli.report.policies import policies_document
from stackctl.cli.report.record import record_document, unlocked_document
from stackctl.cli.report.rendering import document, dumped
from stackctl.cli.report.sandbox import down_result, status_result, up_result
from stackctl.cli.report.status import stacks_result, status_document
from stackctl.cluster.look.policies import Objection, PolicyReport
from stackctl.errors import ConfigError, FieldConflict, ReleaseError
from stackctl.model.catalogue.component import UpgradeRule
from stackctl.model.catalogue.descriptions import DESCRIPTIONS
from stackctl.model.catalogue.envelope import Metadata
from stackctl.model.catalogue.lock_file import LockDocument, LockedComponent, LockSpec
from stackctl.model.catalogue.source import ChartSource, Source
from stackctl.model.comparison import comparison
from stackctl.model.documents.documents import KINDS, document_schema
from stackctl.model.documents.schemas import SCHEMAS, schema_of
from stackctl.model.export.exported import Export
from stackctl.model.export.formats import ExportFormat
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, DataLoss, HeldValue, Plan, SettingChange
from stackctl.model.plan.upgrades import Review, UpgradeStep
from stackctl.model.plan.warnings import Attention, WarningTopic
from stackctl.model.readiness.policies import PolicyMode
from stackctl.model.recipes.conversion import Conversion, LeftOut, Made
from stackctl.model.recipes.recipe import Criteria, Ingredient, ResolvedRecipe
from stackctl.model.release.history import VersionChange, revisions
from stackctl.model.release.locking import LockDifference
from stackctl.model.run.outcome import HeldLock, RecordCheck, StackSummary, Unlocked
from stackctl.sandbox.inspection import PartStatus, SandboxStatus, State
from stackctl.sandbox.lifecycle import DownResult, UpResult
from stackctl.sandbox.plane.readiness import NodeStatus
from stackctl.sources import yaml
from stackctl.sources.export_folder import Written
from stackctl.sources.files import read_catalogue
from tests.documents import faults
from tests.unit import fake
from tests.unit.cli_samples import (
    CURRENT,
    DEPLOYED,
    NOW,
    RELEASE,
    SMOKED,
    TARGET,
    TORN_DOWN,
    mixed_plan,
    plan,
    troubled_status,
)

SECRET = Ref("", "Secret", "ml", "grafana")
VALUES = (
    GeneratedValue("grafana.password", SECRET, "password", "password", "made-for-nobody"),
    GeneratedValue("grafana.token", SECRET, "token", ""),
)
ROTATION = Rotation("grafana.password", (SECRET,), (Ref("apps", "Deployment", "ml", "grafana"),))

UPGRADE = VersionChange("a", "1.0.0", "2.0.0")
REVIEW = Review(
    3,
    ("gpu", "gpu8"),
    (UPGRADE, VersionChange("b", "", "1.0.0"), VersionChange("c", "1.0.0", "")),
    (UpgradeStep(UPGRADE, (UpgradeRule("<2", "manual", "it moved", ("move it",)),)),),
    (Attention(WarningTopic.API, "b", "it goes away"),),
)
LOCK = HeldLock(StackId("ml"), "ada@laptop", "2026-01-01", "2026-01-01", 30.0, expired=False)
SANDBOX = SandboxStatus(
    "default",
    State.DEGRADED,
    (
        PartStatus("etcd", State.RUNNING, 7, Path("etcd.log")),
        PartStatus("kwok", State.CRASHED, None, Path("kwok.log")),
    ),
    "v1.36.3",
    "https://127.0.0.1:36443",
    Path("kubeconfig"),
    "stackctl-sandbox",
    (NodeStatus("gpu-0", True, 8, 8),),
    "kwok crashed",
    Path("programs"),
    "cache",
)
UP = UpResult(
    "default",
    Path("kubeconfig"),
    "stackctl-sandbox",
    "https://127.0.0.1:36443",
    "v1.36.3",
    "cpu=1",
    "cache",
    ("etcd",),
    changed=True,
    merged_into=None,
    seconds=3.0,
)
LOCKED = LockDocument(
    "stackctl.dev/v1alpha1",
    "Lock",
    Metadata("ml"),
    LockSpec("gpu8", "1", "0" * 32, {"a": LockedComponent("1", "0" * 32, ("i:1",))}),
)
RECIPE = ResolvedRecipe(Criteria(), (), (Ingredient("a"), Ingredient("b", version="1")), {})
IMPORTED = ImportedProfile(
    "lab",
    RECIPE,
    Conversion(
        (
            Made(RECIPE.ingredients[0], "a", "", {}),
            Made(RECIPE.ingredients[1], "b", "1", {}, Source(chart=ChartSource(oci="oci://b"))),
        ),
        (LeftOut("value x", "no"), LeftOut("value y", "no", "a")),
    ),
    ("catalog/profiles/lab.yaml",),
)
TWO_SIDES = [
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        for name, data in (("both", {"a": side, side: "x"}), (side, {side: "y"}))
    ]
    for side in ("ours", "theirs")
]
GONE = SandboxStatus("default", State.ABSENT)
HELD = HeldValue("argocd-controller", ".data.key", Verdict.REFUSE, wanted=None, live=0)


def contested_plan() -> Plan:
    """Plan a change of which a field is somebody else's, of a parameter, and of the profile."""
    found = mixed_plan()
    return replace(
        found,
        changes=(replace(found.changes[0], held=(HELD,)),),
        before="cpu",
        settings=(SettingChange("a", "workers", "", "3"),),
        losses=(DataLoss(found.changes[0].ref, "its volume"),),
    )


def explained(subject: str, profile: str | None) -> Any:
    """Explain something of the small catalogue, for programs."""
    return explain_result(explain(subject, StackRequest(profile=profile))).document()


# Of each kind, what commands print in one situation after the other.
DOCUMENTS: dict[str, tuple[Callable[[], Any], ...]] = {
    "Plan": (
        lambda: diff_document(mixed_plan(), TARGET),
        lambda: diff_document(contested_plan(), TARGET),
    ),
    "DeployOutcome": (
        lambda: deploy_document(DEPLOYED),
        lambda: deploy_document(replace(DEPLOYED, release=None, review=REVIEW, dry_run=True)),
    ),
    "SmokeOutcome": (
        lambda: smoke_document(SMOKED),
        lambda: smoke_document(replace(SMOKED, dry_run=True)),
    ),
    "TeardownOutcome": (lambda: teardown_document(TORN_DOWN),),
    "StackStatus": (lambda: status_document(CURRENT), lambda: status_document(troubled_status())),
    "StackList": (
        stacks_result(
            [StackSummary(RELEASE.stack, 3, RELEASE), StackSummary(RELEASE.stack, 4, None)],
            TARGET,
            NOW,
        ).document,
    ),
    "History": (
        lambda: history_document(StackId("ml"), revisions([RELEASE])),
        lambda: history_document(StackId("ml"), revisions([replace(RELEASE, revision=1)])),
    ),
    "ProfileList": (lambda: profiles_document(read_catalogue().profiles.values()),),
    "ProfileDescription": tuple(
        partial(lambda name: profile_document(*described(name)), name) for name in ("base", "large")
    ),
    "ComponentList": (
        lambda: components_document(read_catalogue().components.values()),
        lambda: component_result(contents("web")).document(),
    ),
    "ComponentExplanation": tuple(
        partial(explained, "web", profile) for profile in (None, "large")
    ),
    "ValueExplanation": tuple(
        partial(explained, name, "large")
        for name in ("web.replicas", "web.namespace", "web.features.fast")
    ),
    "CredentialList": tuple(
        partial(credentials_document, StackId("ml"), VALUES, values=values)
        for values in (False, True)
    ),
    "CredentialRotation": (rotation_result(StackId("ml"), ROTATION).document,),
    "Export": (
        lambda: export_document(
            ExportOutcome(
                Export("ml", "gpu8", ExportFormat.HELM, (), (Ref("", "Secret", "a", "b"),)),
                Path("out"),
                Written(("a/x.yaml",), ("EXPORT.md",), ("b/y.yaml",)),
            )
        ),
    ),
    "LockOutcome": (
        lambda: lock_document(
            LockOutcome(Path("stack.lock.yaml"), LOCKED, (LockDifference("a", "1", ""),), new=False)
        ),
    ),
    "Outdated": (
        lambda: outdated_document(Outdated("ml", "gpu8", (ComponentVersions("a", "2"),))),
        lambda: outdated_document(
            Outdated("ml", "gpu8", (ComponentVersions("a", "", "1", "1"),), Path("lock"), 3)
        ),
    ),
    "LintReport": (lambda: lint_document(lint_components(["web"])),),
    "ChartComparison": (
        lambda: comparison_document(
            Compared(
                fake.catalogue().components["web"],
                ChartSource(path="charts/web"),
                "0.20.0",
                "",
                comparison.compare(TWO_SIDES[0], TWO_SIDES[1], ["kserve"]),
                (),
            )
        ),
    ),
    "NewComponent": (
        lambda: new_document(Started(fake.catalogue().components["web"], ("base/a.yaml",), True)),
    ),
    "ImportedProfile": (lambda: imported_document(IMPORTED),),
    "PolicyReport": (
        lambda: policies_document(PolicyReport({}), TARGET),
        lambda: policies_document(
            PolicyReport(
                {"p": PolicyMode.WARN},
                (Objection("p", Ref("apps", "Deployment", "a", "b"), "no"),),
                ("Pod: not asked",),
            ),
            TARGET,
        ),
    ),
    "Unlocked": (
        lambda: unlocked_document(StackId("ml"), Unlocked(TARGET, LOCK)),
        lambda: unlocked_document(StackId("ml"), Unlocked(TARGET, None)),
    ),
    "RecordCheck": (
        lambda: record_document(RecordCheck(TARGET, StackId("ml"), (ReleaseError("gone"),))),
    ),
    "Sandbox": (
        status_result(SANDBOX).document,
        status_result(GONE).document,
        up_result(UP, SANDBOX).document,
        down_result(DownResult("default", True, 6, False, 1.0), GONE).document,
    ),
    "Error": (
        lambda: error_document(ConfigError("no", problems=["a", "b"]), 3),
        lambda: error_document(
            FieldConflict("no", status=409, causes=[{"field": "spec", "manager": "x"}]), 7
        ),
    ),
    "ResultList": (
        lambda: document(
            "ResultList",
            items=[
                {"context": "a"} | diff_document(mixed_plan(), TARGET),
                {"context": "b"} | error_document(ReleaseError("no"), 10),
            ],
        ),
    ),
    # What is printed by their commands without more ado, and tried in tests/cli.
    "Version": (),
    "SchemaList": (),
}


def test_a_single_fault_of_a_file_is_listed_like_several():
    """So that a program looks in one place; what is no fault of a file has no list."""
    assert error_document(ConfigError("a.yaml:1: no"), 3)["problems"] == ["a.yaml:1: no"]
    assert error_document(ConfigError("no", problems=["a", "b"]), 3)["problems"] == ["a", "b"]
    assert "problems" not in error_document(ReleaseError("no"), 10)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_says_what_it_is(kind):
    """ApiVersion and kind come first, in JSON and in YAML alike."""
    for made in DOCUMENTS[kind]:
        found = made()
        assert list(found)[:2] == ["apiVersion", "kind"]
        assert (found["apiVersion"], found["kind"]) == ("stackctl.dev/v1alpha2", kind)
        assert json.loads(dumped(found, "json")) == yaml.load(dumped(found, "yaml"))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_is_what_its_schema_says(kind):
    """All that is required, nothing that is not described; no field without a value."""
    for made in DOCUMENTS[kind]:
        assert faults(made(), document_schema(kind)) == []
        assert "null" not in json.dumps(made()).split()


def test_every_document_has_a_schema():
    """Whoever prints a new kind describes it."""
    printed = {
        node.args[0].value
        for path in (Path(stackctl.__file__).parent / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "document"
        and isinstance(node.args[0], ast.Constant)
    }
    assert printed == set(KINDS) == set(DOCUMENTS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_that_is_published_is_described(name):
    """A schema is read by people and shown by editors."""
    assert list(undescribed(schema_of(name))) == []


def undescribed(schema: Any, path: str = "") -> Iterator[str]:
    """Yield the fields that a schema says nothing about; what is always the same needs no word."""
    if isinstance(schema, list):
        for each in schema:
            yield from undescribed(each, path)
    if not isinstance(schema, dict):
        return
    for key, found in schema.get("properties", {}).items():
        if "description" not in found and "const" not in found:
            yield f"{path}.{key}"
    for key, found in schema.items():
        yield from undescribed(found, f"{path}.{key}")


def test_patterns_that_are_published_are_of_the_whole_text():
    """Editors look for a pattern anywhere in a text."""
    found = re.findall(r'"pattern": "(.*?)"', json.dumps([schema_of(name) for name in SCHEMAS]))
    assert found
    assert all(re.fullmatch(r"\^\(\?:.*\)\$", each) for each in found)


def test_every_described_field_is_a_field():
    """What is said about a field that is not there any more is taken out."""
    told = json.dumps([schema_of(name) for name in SCHEMAS])
    assert [key for key, text in DESCRIPTIONS.items() if json.dumps(text)[1:-1] not in told] == []


def test_a_plan_says_what_would_happen_to_each_object():
    """Counts, and for each object its identity, action and differing fields."""
    found = diff_document(mixed_plan(), TARGET)
    assert found["counts"] == {
        "create": 16,
        "update": 3,
        "recreate": 1,
        "prune": 1,
        "unchanged": 48,
    }
    assert not found["empty"]
    (update,) = [each for each in found["changes"] if each["name"] == "spark-operator-controller"]
    assert update["action"] == "update"
    assert update["differences"] == [
        {"path": "spec.replicas", "old": 1, "new": 3},
        {"path": "spec.template.spec.nodeSelector", "new": {"pool": "system"}},
        {"path": "spec.template.spec.containers[name=controller].args[4]", "old": "-v=4"},
    ]


def test_manifests_are_not_in_documents():
    """They may hold secrets; `render` is the command that prints them."""
    change = plan(Action.CREATE).changes[0]
    assert "desired" not in json.dumps(diff_document(plan(Action.CREATE), TARGET))
    assert change.ref.name in json.dumps(diff_document(plan(Action.CREATE), TARGET))


def test_a_status_answers_the_question_first():
    """One field says whether everything is current."""
    found = status_document(CURRENT)
    assert found["current"] is True
    assert found["gpus"][0]["allocatable"] == found["gpus"][0]["expected"] == 16
    assert found["target"]["simulated"] is True


@pytest.mark.parametrize("of", ["StackStatus", "DeployOutcome", "History"])
def test_what_was_set_is_told_and_secrets_are_not(of):
    """In every document that describes a release."""
    release = replace(RELEASE, sets={"a.workers": "4", "a.password": "hunter2"})
    found = {
        "StackStatus": lambda: status_document(replace(CURRENT, release=release)),
        "DeployOutcome": lambda: deploy_document(replace(DEPLOYED, release=release)),
        "History": lambda: history_document(StackId("ml"), revisions([release])),
    }[of]()
    told = found["items"][0] if of == "History" else found["release"]
    assert told["sets"] == {"a.workers": "4", "a.password": "<masked>"}
    assert "hunter2" not in json.dumps(found)


def test_a_teardown_lists_what_it_left():
    """Kept and residue are lists of objects with a reason."""
    found = teardown_document(TORN_DOWN)
    assert found["residue"] == []
    assert [(each["kind"], each["reason"]) for each in found["kept"]] == [
        ("PersistentVolumeClaim", "user data"),
        (
            "Namespace",
            "holds what is not ours: Deployment/team-a/notebooks, ConfigMap/team-a/settings",
        ),
    ]
