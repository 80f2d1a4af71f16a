"""Small recipes in the format of NVIDIA AICR, for tests: a resolved one, and layers of others."""

from pathlib import Path

RECIPE = """\
kind: RecipeResult
apiVersion: aicr.nvidia.com/v1alpha1
metadata:
  version: v0.0.0
  appliedOverlays: [base, lab]
criteria: {service: any, accelerator: h100, intent: training, os: any}
constraints:
- {name: K8s.server.version, value: ">= 1.32.4"}
- {name: OS.release.ID, value: ubuntu, severity: warning}
componentRefs:
- name: cert-manager
  namespace: certificates
  chart: cert-manager
  type: Helm
  source: https://charts.example.com
  version: v1.17.2
  overrides: {webhook: {timeoutSeconds: 5}}
- name: shop
  namespace: mall
  chart: shop
  type: Helm
  source: oci://registry.example.com/charts
  version: 1.2.0
  valuesFile: components/shop/values-lab.yaml
  overrides: {color: blue, shades: {dark: null}}
  dependencyRefs: [cert-manager]
  manifestFiles: [components/shop/manifests/plain.yaml, components/shop/manifests/made.yaml]
  expectedResources: [{kind: Deployment, name: shop, namespace: mall}]
- name: rules
  type: Helm
  source: ""
  manifestFiles: [components/rules/manifests/rules.yaml]
  dependencyRefs: [shop]
- name: till
  type: Helm
  source: https://charts.example.com/
  version: 2.0.0
  dependencyRefs: [shop, rules]
- name: bell
  type: Kustomize
  source: https://git.example.com/bell
  path: deploy
  tag: v1
- name: lamp
  type: Helm
  source: https://charts.example.com
  version: 1.0.0
  overrides: {enabled: false}
deploymentOrder: [cert-manager, shop, rules, till, lift]
validation:
  deployment: {checks: [expected-resources]}
later: {answer: 42}
"""
FILES = {
    "components/shop/values.yaml": "color: red\nreplicas: 1\nshades: {dark: 1, light: 2}\n",
    "components/shop/values-lab.yaml": "replicas: 3\n",
    "components/shop/manifests/plain.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n"
    ),
    "components/shop/manifests/made.yaml": "kind: {{ .Values.kind }}\n",
    "components/rules/manifests/rules.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rules}\n"
    ),
}
_HEAD = "kind: {kind}\napiVersion: aicr.nvidia.com/v1alpha1\nmetadata: {{name: {name}}}\n"
LAYERS = {
    "overlays/base.yaml": _HEAD.format(kind="RecipeMetadata", name="base")
    + """\
spec:
  constraints: [{name: K8s.server.version, value: ">= 1.25"}, {name: OS.release.ID, value: any}]
  componentRefs:
  - {name: shop, type: Helm, version: 1.0.0, overrides: {color: red, size: 1}}
  - {name: till, type: Helm, source: "https://charts.example.com", version: 2.0.0,
     manifestFiles: [a.yaml]}
""",
    # For everything, so that it is in every recipe.
    "overlays/counting.yaml": _HEAD.format(kind="RecipeMetadata", name="counting")
    + """\
spec:
  base: base
  criteria: {intent: any}
  componentRefs:
  - {name: counter, type: Helm, source: "https://charts.example.com", version: 3.0.0}
""",
    "overlays/lab.yaml": _HEAD.format(kind="RecipeMetadata", name="lab")
    + """\
spec:
  criteria: {service: lab}
  constraints: [{name: K8s.server.version, value: ">= 1.30"}]
  componentRefs:
  - {name: till, type: Helm, manifestFiles: [a.yaml, b.yaml], dependencyRefs: [shop]}
""",
    "overlays/lab-training.yaml": _HEAD.format(kind="RecipeMetadata", name="lab-training")
    + """\
spec:
  base: lab
  criteria: {service: lab, intent: training}
  mixins: [ubuntu]
  componentRefs:
  - {name: shop, type: Helm, overrides: {color: blue}}
""",
    "overlays/cloud.yaml": _HEAD.format(kind="RecipeMetadata", name="cloud")
    + """\
spec:
  criteria: {service: cloud}
  componentRefs:
  - {name: disks, type: Helm, source: "https://charts.example.com", version: 1.0.0}
""",
    "mixins/ubuntu.yaml": _HEAD.format(kind="RecipeMixin", name="ubuntu")
    + "spec: {constraints: [{name: OS.release.ID, value: ubuntu}]}\n",
    "registry.yaml": """\
apiVersion: aicr.nvidia.com/v1alpha1
kind: ComponentRegistry
components:
- name: shop
  displayName: Shop
  helm:
    defaultRepository: oci://registry.example.com/charts
    defaultChart: mall/shop
    defaultVersion: 9.9.9
    defaultNamespace: mall
  nodeScheduling: {system: {nodeSelectorPaths: [nodeSelector]}}
""",
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write files by their path in a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
