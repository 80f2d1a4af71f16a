"""Small charts, one per trait, and a server that offers them as a repository and as a registry."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  color: {{ .Values.color | quote }}
  shades: {{ .Values.shades | toJson | quote }}
  version: {{ .Chart.Version }}
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  things: {{ .Capabilities.APIVersions.Has "example.com/v1/Thing" | quote }}
---
# there is nothing in here
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: main, image: "example.com/shop:{{ .Chart.Version }}"}]
"""
DRAWN = """\
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {password: {{ randAlphaNum 16 }}, user: shop}
"""
HOOKS = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: prepare
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "example.com/prepare:{{ .Chart.Version }}"}]
---
apiVersion: v1
kind: Pod
metadata: {name: try, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: main, image: "example.com/try:1"}]}
"""
TESTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: words, annotations: {helm.sh/hook: test, helm.sh/hook-weight: "-1"}}
data: {greeting: hello}
---
apiVersion: v1
kind: Pod
metadata: {name: try, annotations: {helm.sh/hook: test}}
spec:
  containers:
  - {name: main, image: "example.com/try:1", envFrom: [{configMapRef: {name: words}}]}
"""
KEPT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
data: {color: {{ .Values.color | quote }}}
"""
THING = """\
apiVersion: example.com/v1
kind: Thing
metadata: {name: one}
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
VALUES = "color: red\nreplicas: 1\nshades: {dark: 1, light: 2}\n"


def write_chart(
    folder: Path,
    templates: Mapping[str, str],
    *,
    name: str = "shop",
    version: str = "1.0.0",
    values: str = VALUES,
    crds: str = "",
) -> Path:
    """Write a chart into a folder, anew."""
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    metadata = f"apiVersion: v2\nname: {name}\nversion: {version}\n"
    (folder / "Chart.yaml").write_text(metadata, encoding="utf-8")
    (folder / "values.yaml").write_text(values, encoding="utf-8")
    if crds:
        (folder / "crds").mkdir(exist_ok=True)
        (folder / "crds" / "all.yaml").write_text(crds, encoding="utf-8")
    for old in (folder / "templates").iterdir():
        old.unlink()
    for file, text in templates.items():
        (folder / "templates" / f"{file}.yaml").write_text(text, encoding="utf-8")
    return folder


def packed(folder: Path, name: str = "shop") -> bytes:
    """Pack a chart's folder as its archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder, arcname=name)
    return buffer.getvalue()


class ChartServer:
    """A repository at `url`, and a registry at `oci`, of one chart; the former of more versions."""

    def __init__(
        self,
        archive: bytes,
        port: int,
        *,
        version: str = "1.0.0",
        more: Mapping[str, bytes] | None = None,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.oci = f"oci://127.0.0.1:{port}/charts/shop"
        self.digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
        self.asked: list[str] = []
        config = json.dumps({"apiVersion": "v2", "name": "shop", "version": version}).encode()
        manifest = self._manifest(config, archive)
        self.manifest_digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        others = more or {}
        offers = [self._offer(version, "shop.tgz", archive)]
        offers += [self._offer(key, f"shop-{key}.tgz", each) for key, each in others.items()]
        index = {"apiVersion": "v1", "entries": {"shop": offers}}
        blobs = "/v2/charts/shop/blobs"
        manifests = "/v2/charts/shop/manifests"
        kind = "application/vnd.oci.image.manifest.v1+json"
        self.pages = {
            "/index.yaml": (json.dumps(index).encode(), "text/yaml"),
            "/shop.tgz": (archive, "application/gzip"),
            "/v2/": (b"{}", "application/json"),
            f"{manifests}/{version}": (manifest, kind),
            f"{manifests}/{self.manifest_digest}": (manifest, kind),
            f"{blobs}/sha256:{hashlib.sha256(config).hexdigest()}": (config, "application/json"),
            f"{blobs}/{self.digest}": (archive, "application/octet-stream"),
            **{f"/shop-{key}.tgz": (each, "application/gzip") for key, each in others.items()},
        }

    @staticmethod
    def _offer(version: str, address: str, archive: bytes) -> dict[str, object]:
        digest = hashlib.sha256(archive).hexdigest()
        named = {"apiVersion": "v2", "name": "shop", "version": version}
        return named | {"urls": [address], "digest": digest}

    @staticmethod
    def _manifest(config: bytes, archive: bytes) -> bytes:
        def entry(content: bytes, kind: str) -> dict[str, object]:
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            return {"mediaType": kind, "digest": digest, "size": len(content)}

        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": entry(config, "application/vnd.cncf.helm.config.v1+json"),
                "layers": [entry(archive, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
            }
        ).encode()


@contextmanager
def serving(archive: bytes, **more: bytes) -> Iterator[ChartServer]:
    """Offer a chart on loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            offered.asked.append(self.path)
            content, kind = offered.pages.get(self.path, (b"", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(content)))
            if kind.startswith("application/vnd.oci"):
                self.send_header("Docker-Content-Digest", offered.manifest_digest)
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    offered = ChartServer(archive, server.server_address[1], more=more)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield offered
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
