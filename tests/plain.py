"""A folder of manifests as people keep them: several kinds, comments, a list, no namespace."""

from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
WEB = """\
# The page.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app.kubernetes.io/version: v2.3.1}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      initContainers:
      - name: wait
        image: docker.io/library/busybox:1.37
        command: ["true"]
      containers:
      - name: web
        image: docker.io/library/nginx:1.29.4@DIGEST
        ports: [{name: http, containerPort: 8080}]
        env: [{name: LEVEL, value: info}]
        resources: {requests: {cpu: 0.1, memory: 64Mi}, limits: {memory: 128Mi}}
        volumeMounts: [{name: settings, mountPath: /etc/web}]
      - name: sidecar  # exports metrics
        image: registry.example.com:5000/metrics/exporter
        resources: {requests: {cpu: 10m}}
      volumes: [{name: settings, configMap: {name: settings}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ClusterIP
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
""".replace("DIGEST", DIGEST)
REST = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: web}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings}
  data: {web.conf: "workers: 4"}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: web}
  rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: web}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
  subjects: [{kind: ServiceAccount, name: web, namespace: NAMESPACE}]
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: web}
  spec:
    tls: [{hosts: [web.example.com], secretName: web-tls}]
    rules:
    - host: web.example.com
      http:
        paths:
        - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""
STORE = """\
{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "store"}, "spec": {
 "replicas": 1, "serviceName": "store", "selector": {"matchLabels": {"app": "store"}},
 "template": {"metadata": {"labels": {"app": "store"}}, "spec": {"containers": [
  {"name": "store", "image": "docker.io/library/redis:8.2", "resources": {
   "limits": {"memory": "1Gi"}}}]}}}}
"""
JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: tidy, image: "docker.io/library/busybox:1.37"}]
"""


def write_plain(folder: Path, namespace: str) -> Path:
    """Write the folder; the namespace is named where something refers to it, as people do."""
    folder.mkdir(parents=True)
    texts = {"web.yaml": WEB, "rest.yml": REST, "store.json": STORE, "tidy.yaml": JOB}
    for name, text in texts.items():
        (folder / name).write_text(text.replace("NAMESPACE", namespace), encoding="utf-8")
    (folder / "README.md").write_text("How it is installed by hand.\n", encoding="utf-8")
    (folder / "other").mkdir()
    (folder / "other" / "left-out.yaml").write_text(JOB, encoding="utf-8")
    return folder
