"""What a kubelet does for a Pod, with a process of this machine in the place of its container.

The sandbox says that a Pod runs; for programs that a test has built, this makes it true: volumes
become files and follow their sources, the ServiceAccount becomes a token, and the process lives
as long as the Pod does. Which program it is, and where it is to listen, the test says.
"""

import base64
import itertools
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackctl.api.client import Client
from stackctl.model.objects.refs import Manifest
from tests.apiserver.scenery import in_background

END_SECONDS = 15.0  # for a process that was asked to end
TOKEN_SECONDS = 3600
NOTE_LENGTH = 4000  # of a process's last words


@dataclass(frozen=True, slots=True)
class Program:
    """What stands for a container's image, and what is different on this machine."""

    path: Path
    flags: tuple[str, ...] = ()  # behind the container's own, so that they win
    mounts: Mapping[str, Path] = field(default_factory=dict)  # mount path → folder here
    env: Mapping[str, str] = field(default_factory=dict)


class Kubelet:
    """Runs the Pods of one workload, one at a time, while it is entered."""

    def __init__(
        self, client: Client, namespace: str, labels: str, program: Program, folder: Path
    ) -> None:
        self._client, self._namespace, self._labels = client, namespace, labels
        self._program, self._folder = program, folder
        self._stop = threading.Event()
        self._volumes = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._uid = ""  # of the Pod that runs

    @property
    def log(self) -> str:
        """What the processes have written so far."""
        path = self._folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def runs(self) -> bool:
        """Whether a process is there and has not ended."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> "Kubelet":
        """Begin to watch for Pods."""
        self._join = in_background(self._follow)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Stop watching, and what runs."""
        if error is not None:
            error.add_note(f"the process wrote:\n{self.log[-NOTE_LENGTH:]}")
        self._stop.set()
        self._join()

    def _follow(self) -> None:
        path = f"/api/v1/namespaces/{self._namespace}/pods"
        try:
            for event in self._client.follow(path, labels=self._labels, stop=self._stop):
                self._see(event.type, event.object)
        finally:
            self._end()

    def _see(self, change: str, pod: Manifest) -> None:
        uid = pod.get("metadata", {}).get("uid", "")
        if change == "DELETED" or "deletionTimestamp" in pod.get("metadata", {}):
            if uid == self._uid:
                self._end()
        elif not self._uid and pod.get("status", {}).get("phase") == "Running":
            self._uid = uid
            self._start(pod)

    def _start(self, pod: Manifest) -> None:
        container = pod["spec"]["containers"][0]
        for mount, folder in self._program.mounts.items():
            self._volumes.enter_context(self._mounted(pod, container, mount, folder))
        # The image's entry point is the program; the rest is said by the Pod.
        words = [*container["command"][1:], *container["args"]]
        for mount, folder in self._program.mounts.items():
            words = [word.replace(f"={mount}/", f"={folder}/") for word in words]
        access = [f"--kubeconfig={self._kubeconfig(pod)}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._program.path), *words, *access, *self._program.flags],
                env={**_environment(pod, container), **self._program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _end(self) -> None:
        process, self._process, self._uid = self._process, None, ""
        if process is not None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._volumes.close()

    @contextmanager
    def _mounted(
        self, pod: Manifest, container: Manifest, mount: str, folder: Path
    ) -> Iterator[None]:
        """Keep a Secret or ConfigMap as files, as long as the Pod runs."""
        name = next(m["name"] for m in container["volumeMounts"] if m["mountPath"] == mount)
        volume = next(v for v in pod["spec"]["volumes"] if v["name"] == name)
        kind, source = _source(volume)
        path, fields = f"/api/v1/namespaces/{self._namespace}/{kind}", f"metadata.name={source}"
        stop, listed = threading.Event(), threading.Event()
        copy = _copier(folder)

        def watch() -> None:
            for event in self._client.follow(path, fields=fields, stop=stop):
                if event.type in ("ADDED", "MODIFIED"):
                    copy(_files(event.object))
                elif event.type == "LISTED":
                    listed.set()

        join = in_background(watch)
        listed.wait(END_SECONDS)
        try:
            yield
        finally:
            stop.set()
            join()
            shutil.rmtree(folder)

    def _kubeconfig(self, pod: Manifest) -> Path:
        """Write the access of the Pod's ServiceAccount, with a token that is bound to the Pod."""
        access, metadata = self._client.access, pod["metadata"]
        account = pod["spec"]["serviceAccountName"]
        bound = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"]}
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "expirationSeconds": TOKEN_SECONDS,
                "boundObjectRef": bound | {"uid": metadata["uid"]},
            },
        }
        path = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/{account}/token"
        token = self._client.create(path, request)["status"]["token"]
        ca = access.ca or Path(access.ca_file).read_bytes()
        trust = base64.b64encode(ca).decode()
        cluster = {"server": access.server, "certificate-authority-data": trust}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": cluster}],
            "users": [{"name": account, "user": {"token": token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": account}}],
            "current-context": "here",
        }
        file = self._folder / "kubeconfig"
        file.touch(0o600)
        file.write_text(json.dumps(document))
        return file


def _source(volume: Manifest) -> tuple[str, str]:
    """Say where the files of a volume come from."""
    if "secret" in volume:
        return "secrets", volume["secret"]["secretName"]
    return "configmaps", volume["configMap"]["name"]


def _environment(pod: Manifest, container: Manifest) -> dict[str, str]:
    """Write the container's variables; of the Pod's fields, those in its metadata are known."""
    variables = {}
    for each in container.get("env") or ():
        source = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        known = pod["metadata"].get(source.removeprefix("metadata."), "")
        variables[each["name"]] = each.get("value", known)
    return variables


def _files(manifest: Manifest) -> dict[str, bytes]:
    data: Mapping[str, Any] = manifest.get("data") or {}
    if manifest["kind"] == "Secret":
        return {name: base64.b64decode(text) for name, text in data.items()}
    return {name: text.encode() for name, text in data.items()}


def _copier(folder: Path) -> Callable[[Mapping[str, bytes]], None]:
    """Make a folder whose files change all at once, as in a mounted volume."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    numbers = itertools.count()

    def copy(files: Mapping[str, bytes]) -> None:
        version = folder / f"..{next(numbers)}"
        version.mkdir()
        for name, content in files.items():
            (version / name).write_bytes(content)
        link = folder / "..new"
        link.symlink_to(version.name)
        link.replace(folder / "..data")
        for name in files:
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(f"..data/{name}")

    return copy


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("", 0))
        return int(taken.getsockname()[1])


@contextmanager
def registered(sandbox: Path, routes: Mapping[str, str]) -> Iterator[None]:
    """Have the API server's calls to Services, as `namespace/name`, go to local processes."""
    file, new = sandbox / "routes.json", sandbox / "routes.new"
    new.write_text(json.dumps(dict(routes)))
    new.replace(file)
    try:
        yield
    finally:
        file.unlink()
