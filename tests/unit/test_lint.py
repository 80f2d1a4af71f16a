"""What `component lint` finds, where it says that it is, and what it takes to be told otherwise."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from stackctl.actions.lint import Remark, lint_components
from stackctl.cli import run
from stackctl.errors import ConfigError
from stackctl.model.catalogue.lint_rules import EXCUSABLE, LintRule, Severity
from stackctl.sources import kubernetes_schemas

README = Path(__file__).parents[2] / "README.md"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: web
        image: docker.io/library/nginx:1.29.4
        readinessProbe: {httpGet: {path: /, port: 80}}
        livenessProbe: {httpGet: {path: /, port: 80}}
        resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def shop(folder: Path, manifests: str = GOOD, spec: str = "", **files: str) -> str:
    """Write a component, and return its folder."""
    home = folder / "shop"
    text = "apiVersion: stackctl.dev/v1alpha1\nkind: Component\nmetadata: {name: shop}\nspec:\n"
    texts = {
        "component.yaml": text + indent(f'version: "1"\nnamespace: shop\n{dedent(spec)}', "  "),
        "base/shop.yaml": NAMESPACE + dedent(manifests),
        **files,
    }
    for name, content in texts.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content, encoding="utf-8")
    return str(home)


def remarks(*folders: str) -> Sequence[Remark]:
    return lint_components(folders).remarks


def only(found: Sequence[Remark], rule: LintRule) -> Remark:
    """Return the one remark of a rule."""
    (remark,) = [each for each in found if each.finding.rule is rule]
    return remark


def test_nothing_is_found_where_nothing_is(tmp_path):
    """A component as it should be."""
    assert remarks(shop(tmp_path)) == ()


BEFORE = "      containers:"
PLANTED: list[tuple[LintRule, str, str, int, str]] = [
    # the rule, what of the good manifest is replaced by what, the line, and words of the message
    (LintRule.SCHEMA, "replicas: 1", "replicaz: 1", 9, "there is no field replicaz"),
    (LintRule.SCHEMA, "- name: web", "- resizePolicy: 1\n        name: web", 16, "a list"),
    (LintRule.UNPINNED_IMAGE, "nginx:1.29.4", "nginx", 17, "neither tag nor digest"),
    (LintRule.UNPINNED_IMAGE, "nginx:1.29.4", "nginx:latest", 17, "whenever latest moves"),
    (LintRule.NO_READINESS_PROBE, "readinessProbe", "startupProbe", 16, "no readinessProbe"),
    (LintRule.NO_LIVENESS_PROBE, "livenessProbe", "startupProbe", 16, "no livenessProbe"),
    (LintRule.NO_REQUESTS, "{cpu: 10m, memory", "{memory", 16, "requests no cpu"),
    (LintRule.NO_MEMORY_LIMIT, "limits: {memory", "limits: {cpu", 16, "no memory limit"),
    (LintRule.SECURITY_CONTEXT, "runAsNonRoot: true, ", "", 16, "runAsNonRoot: true"),
    (LintRule.SECURITY_CONTEXT, "drop: [ALL]", "drop: [CHOWN]", 16, "drop: [ALL]"),
    (LintRule.PRIVILEGED_POD, BEFORE, f"      hostIPC: true\n{BEFORE}", 13, "the host's memory"),
    (
        LintRule.MISSING_OBJECT,
        BEFORE,
        f"      serviceAccountName: shop\n{BEFORE}",
        15,
        "there is no ServiceAccount/shop in shop",
    ),
]


@pytest.mark.parametrize(("rule", "old", "new", "line", "words"), PLANTED)
def test_what_is_planted_in_a_workload_is_found(tmp_path, rule, old, new, line, words):
    """With the line of its manifest; and nothing else is found."""
    assert old in GOOD
    (found,) = remarks(shop(tmp_path, GOOD.replace(old, new)))
    assert (found.finding.rule, found.position.line) == (rule, line)
    assert found.position.file.endswith("shop/base/shop.yaml")
    assert str(found.finding.object) == "Deployment/shop/shop"
    assert words in found.finding.what


ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
- apiGroups: [apps]
  resources: ["*"]
  verbs: [get]
"""
ADMIN = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: shop}]
"""
BUDGET = """\
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: shop, namespace: shop}
spec: {maxUnavailable: 1}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec:
  ports: [{port: 80}]
  selector: {app: nobody}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]
"""


def definition(schema: str) -> str:
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: carts.shop.example.com}}
spec:
  group: shop.example.com
  scope: Namespaced
  names: {{kind: Cart, plural: carts}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {schema}
"""


@pytest.mark.parametrize(
    ("rule", "manifest", "line", "words"),
    [
        (LintRule.WILDCARD_RBAC, ROLE, 11, "gives every resource"),
        (LintRule.WILDCARD_RBAC, ADMIN, 8, "cluster-admin"),
        (LintRule.UNSERVED_API, BUDGET, 5, "is not served by Kubernetes 1.30 to 1.3"),
        (LintRule.MISSING_OBJECT, SERVICE, 10, "no Pods of this component"),
        (LintRule.MISSING_OBJECT, INGRESS, 12, "there is no Service/shop in shop"),
        (LintRule.CRD_SCHEMA, definition("{type: object, properties: {spec: {}}}"), 17, "no type"),
        (
            LintRule.OPEN_SCHEMA,
            definition("{type: object, x-kubernetes-preserve-unknown-fields: true}"),
            17,
            "a misspelt field",
        ),
    ],
)
def test_what_is_planted_in_other_kinds_is_found(tmp_path, rule, manifest, line, words):
    """With the line of its manifest; and nothing else is found."""
    (found,) = remarks(shop(tmp_path, manifest))
    assert (found.finding.rule, found.position.line) == (rule, line)
    assert words in found.finding.what


def test_a_field_that_only_some_versions_have_is_told_with_the_others(tmp_path):
    """Pods can have resources of their own since Kubernetes 1.32."""
    text = GOOD.replace(
        "      containers:", "      resources: {limits: {cpu: 1}}\n      containers:"
    )
    found = only(remarks(shop(tmp_path, text)), LintRule.SCHEMA)
    assert found.finding.what == "there is no field resources: Kubernetes 1.30 to 1.31"


def test_own_custom_resources_are_checked_by_their_own_definition(tmp_path):
    """Those in smoke tests, too."""
    schema = (
        "{type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}"
    )
    cart = "apiVersion: shop.example.com/v1\nkind: Cart\nmetadata: {name: a}\nspec: {siez: 1}\n"
    found = remarks(shop(tmp_path, definition(schema), **{"smoke/cart.yaml": cart}))
    (remark,) = found
    assert str(remark.position).endswith("shop/smoke/cart.yaml:4")
    assert remark.finding.what == "there is no field siez"


@pytest.mark.usefixtures("some_shipped")
def test_kinds_of_other_components_are_checked_by_their_definitions(tmp_path):
    """One that is looked at alone has the same findings as together with all others."""
    certificate = """\
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: shop, namespace: shop}
        spec: {secretName: shop, issuerRef: {name: shop}, dnsName: [shop.example.com]}
        """
    (found,) = remarks(shop(tmp_path, certificate))
    assert (found.finding.rule, found.finding.where) == (LintRule.SCHEMA, "spec.dnsName")


@pytest.mark.parametrize("kind", ["nothing", "[]", "[string]", "{a: b}", "null"])
def test_a_definition_may_hold_anything_where_its_types_are(tmp_path, kind):
    """It is told as one that is not structural, and checks no objects."""
    inner = f"{{type: object, properties: {{size: {{type: {kind}}}}}}}"
    text = definition(f"{{type: object, properties: {{spec: {inner}}}}}")
    cart = "apiVersion: shop.example.com/v1\nkind: Cart\nmetadata: {name: a}\nspec: {size: 1}\n"
    found = remarks(shop(tmp_path, text, **{"smoke/cart.yaml": cart}))
    assert LintRule.CRD_SCHEMA in {each.finding.rule for each in found}


def test_a_component_with_a_source_is_looked_at_in_part_and_says_so(tmp_path, capsys):
    """What is not in its folder, its chart may make; templates are no manifests."""
    folder = shop(
        tmp_path,
        SERVICE.replace("app: nobody", "app: somebody"),
        "source: {chart: {path: chart}}",
        **{"chart/Chart.yaml": "name: x\n", "chart/templates/a.yaml": "{{ if }}"},
    )
    assert lint_components([folder]).partly == ("shop",)
    code, out, _ = lint(capsys, folder)
    assert code == 0
    assert "shop has a source: only what lies in its own folder was looked at" in out


FEATURE = "features:\n  fast: {description: Faster}\n"
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - name: web
        image: docker.io/library/nginx:edge
"""


def test_what_a_feature_brings_is_found_in_its_patch(tmp_path):
    """Where the base has nothing to be said about."""
    folder = shop(tmp_path, spec=FEATURE, **{"features/fast/patches/shop.yaml": PATCH})
    (found,) = remarks(folder)
    assert found.finding.rule is LintRule.UNPINNED_IMAGE
    assert found.finding.layer == "fast"


TWICE = """\
parameters:
  copies:
    type: integer
    description: How many
    default: 1
    places: [{object: Deployment/shop, path: spec.replicas}]
  pods:
    type: integer
    description: How many, too
    default: 1
    places:
    - {object: Deployment/shop, path: spec.replicas}
"""
COUNTED = """\
parameters:
  image:
    type: string
    description: What runs
    default: docker.io/library/nginx:1.29.4
    places: [{object: Deployment/shop, path: spec.template.spec.containers.0.image}]
"""
DEAD = TWICE.replace("spec.replicas}\n", "spec.replikas}\n")


@pytest.mark.parametrize(
    ("rule", "spec", "line"),
    [
        (LintRule.SHARED_PLACE, TWICE, 18),
        (LintRule.PLACE_BY_POSITION, COUNTED, 12),
        (LintRule.INVALID, DEAD, 18),
    ],
)
def test_places_that_are_dead_or_meet_are_found(tmp_path, rule, spec, line):
    """In component.yaml, by line."""
    (found,) = remarks(shop(tmp_path, spec=spec))
    assert found.finding.rule is rule
    assert str(found.position).endswith(f"shop/component.yaml:{line}")


# exceptions

UNPINNED = GOOD.replace("nginx:1.29.4", "nginx:latest")


def excused(entry: str) -> str:
    return f"lint:\n- {entry}\n"


@pytest.mark.parametrize(
    "entry",
    [
        "{rule: unpinned-image, reason: We mirror it}",
        "{rule: unpinned-image, object: Deployment/shop, reason: We mirror it}",
        "{rule: unpinned-image, object: Deployment/shop/shop, reason: We mirror it}",
        "{rule: unpinned-image, object: '*/sh*', reason: We mirror it}",
        "{rule: unpinned-image, path: '*.containers[name=web]', reason: We mirror it}",
        "{rule: unpinned-image, path: spec, reason: We mirror it}",
    ],
)
def test_what_has_a_reason_is_ignored(tmp_path, entry):
    """By rule, by object and by path; the finding is still there for who asks."""
    found = lint_components([shop(tmp_path, UNPINNED, excused(entry))])
    assert found.open == ()
    assert [each.reason for each in found.remarks] == ["We mirror it"]


@pytest.mark.parametrize(
    "entry",
    [
        "{rule: no-requests, reason: We mirror it}",
        "{rule: unpinned-image, object: Deployment/other, reason: We mirror it}",
        "{rule: unpinned-image, path: 'spec.template.spec.containers[name=we]', reason: Mirrored}",
    ],
)
def test_a_reason_for_something_else_is_a_finding_itself(tmp_path, entry):
    """So that no exception outlives what it was for."""
    found = lint_components([shop(tmp_path, UNPINNED, excused(entry))])
    rules = {each.finding.rule for each in found.open}
    assert rules == {LintRule.UNPINNED_IMAGE, LintRule.UNUSED_EXCEPTION}
    unused = only(found.open, LintRule.UNUSED_EXCEPTION)
    assert str(unused.position).endswith("component.yaml:8")


def test_an_exception_from_schemas_is_not_unused_where_none_are_looked_at(tmp_path):
    """It is where they are."""
    folder = shop(tmp_path, spec=excused("{rule: schema, reason: We are ahead of them}"))
    assert lint_components([folder], schemas=False).open == ()
    only(remarks(folder), LintRule.UNUSED_EXCEPTION)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{rule: unpinned-image}", "reason is missing"),
        ("{rule: unpinned-image, reason: ' '}", "spec.lint[0].reason: expected a reason, in words"),
        ("{rule: unpinned, reason: x}", "did you mean unpinned-image?"),
        ("{rule: invalid, reason: x}", "spec.lint[0].rule: expected one of schema"),
        ("{rule: unpinned-image, reason: x, objekt: y}", "did you mean object?"),
    ],
)
def test_an_exception_is_read_strictly(tmp_path, entry, said):
    """What every other command says of it, too."""
    with pytest.raises(ConfigError, match=re.escape(said)) as failure:
        lint_components([shop(tmp_path, UNPINNED, excused(entry))])
    assert "component.yaml:8: " in str(failure.value)


def test_every_rule_is_grave_or_not_and_most_can_be_ignored():
    """What is invalid cannot: nothing deploys it."""
    assert {each.severity for each in LintRule} == set(Severity)
    assert set(LintRule) - {LintRule(each) for each in EXCUSABLE} == {
        LintRule.INVALID,
        LintRule.UNUSED_EXCEPTION,
    }


# the command


def lint(capsys: Any, *words: str) -> tuple[int, str, str]:
    code = run(["component", "lint", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_writes_a_line_for_each_finding(tmp_path, capsys):
    """File and line first, the rule last, as editors take it; then how much that is."""
    code, out, _ = lint(capsys, shop(tmp_path, UNPINNED))
    line, counts = out.splitlines()
    assert code == 1
    assert re.fullmatch(r"\S+shop/base/shop.yaml:17: warning: .* \[unpinned-image\]", line)
    assert re.fullmatch(r"1 component, against Kubernetes 1.30 to 1.\d+: 1 warning", counts)


def test_the_command_exits_with_success_where_all_has_a_reason(tmp_path, capsys):
    """The reasons are shown when more is asked for."""
    folder = shop(tmp_path, UNPINNED, excused("{rule: unpinned-image, reason: We mirror it}"))
    code, out, _ = lint(capsys, folder)
    assert (code, out.count("\n")) == (0, 1)
    assert "nothing found, 1 ignored with a reason" in out
    _, out, _ = lint(capsys, folder, "--verbose")
    assert "ignored: We mirror it" in out


def test_the_document_has_every_finding(tmp_path, capsys):
    """With file, line and rule."""
    code, out, _ = lint(capsys, shop(tmp_path, UNPINNED), "-o", "json")
    (found,) = json.loads(out)["findings"]
    assert code == 1
    assert (found["rule"], found["line"], found["severity"]) == ("unpinned-image", 17, "warning")
    assert found["path"] == "spec.template.spec.containers[name=web].image"


def test_without_the_schemas_the_command_says_how_to_get_them(tmp_path, capsys, monkeypatch):
    """And that they can be left out, which the result tells."""
    monkeypatch.setattr(kubernetes_schemas, "PACKAGE", "kubernetes-of-nobody")
    folder = shop(tmp_path)
    code, _, err = lint(capsys, folder)
    assert code == 2
    assert "-m pip install kubernetes-of-nobody" in err
    code, out, _ = lint(capsys, folder, "--no-schemas")
    assert code == 0
    assert "not against the schemas of Kubernetes" in out


def test_a_folder_that_is_no_component_is_refused(tmp_path, capsys):
    """With the command that makes one of it."""
    code, _, err = lint(capsys, str(tmp_path))
    assert code == 3
    assert "it has no component.yaml" in err
    assert "hint: stackctl component new NAME --from" in err
