"""Gets the programs from their official releases, verified by the published checksums.

A release that cannot be reached is a `SourceUnavailable`, so that another source is tried. A file
that is not what was published, or not whole, is an error: to go on quietly would hide it.
"""

import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stackctl.errors import SandboxError
from stackctl.files import exists
from stackctl.model.run.events import Notify, Step
from stackctl.sandbox.programs.checksums import published_digest
from stackctl.sandbox.programs.sources import SourceUnavailable
from stackctl.sandbox.programs.transfer import FileMissing, Truncated, Web
from stackctl.sandbox.programs.versions import ETCD, KUBERNETES, KWOK, Platform

_KUBERNETES_URL = "https://dl.k8s.io/release"
_ETCD_URL = "https://github.com/etcd-io/etcd/releases/download"
_KWOK_URL = "https://github.com/kubernetes-sigs/kwok/releases/download"
# kwok publishes no checksum file; the digests are in the description of its release.
_KWOK_RELEASE = "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags"

_SERVERS = frozenset({"linux-amd64", "linux-arm64", "linux-ppc64le", "linux-s390x"})
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ProgramRelease:
    """A published file that is, or holds, one program."""

    program: str
    url: str
    checksums: str  # address of a text that names the file's SHA-256
    member: str = ""  # the program's path, when the file is an archive

    @property
    def file(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


def releases(target: Platform, environment: Mapping[str, str]) -> tuple[ProgramRelease, ...]:
    """Name the files to get; `STACKCTL_SANDBOX_*_URL` name mirrors laid out as the originals."""
    kubernetes = environment.get("STACKCTL_SANDBOX_KUBERNETES_URL") or _KUBERNETES_URL
    servers = (
        ProgramRelease(program, url, f"{url}.sha256")
        for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        for url in [f"{kubernetes}/v{KUBERNETES}/bin/{target.os}/{target.arch}/{program}"]
    )
    return (_etcd(target, environment), *servers, _kwok(target, environment))


def _etcd(target: Platform, environment: Mapping[str, str]) -> ProgramRelease:
    base = environment.get("STACKCTL_SANDBOX_ETCD_URL") or _ETCD_URL
    folder = f"etcd-v{ETCD}-{target}"
    return ProgramRelease(
        "etcd",
        url=f"{base}/v{ETCD}/{folder}.tar.gz",
        checksums=f"{base}/v{ETCD}/SHA256SUMS",
        member=f"{folder}/etcd",
    )


def _kwok(target: Platform, environment: Mapping[str, str]) -> ProgramRelease:
    mirror = environment.get("STACKCTL_SANDBOX_KWOK_URL")
    url = f"{mirror or _KWOK_URL}/v{KWOK}/kwok-{target}"
    return ProgramRelease("kwok", url, f"{url}.sha256" if mirror else f"{_KWOK_RELEASE}/v{KWOK}")


def download(
    folder: Path, partial: Path, target: Platform, environment: Mapping[str, str], notify: Notify
) -> None:
    """Put all programs into `folder`; what is half done stays in `partial` for the next time."""
    if str(target) not in _SERVERS and not environment.get("STACKCTL_SANDBOX_KUBERNETES_URL"):
        raise SourceUnavailable(f"Kubernetes publishes no servers for {target}")
    web = Web()
    wanted = releases(target, environment)
    notify(Step("looking for the official releases"))
    try:
        # All checksums first: they are small, and tell at once whether there is a network.
        digests = [_checksum(web, release) for release in wanted]
        partial.mkdir(parents=True, exist_ok=True)
        for release, digest in zip(wanted, digests, strict=True):
            _install(release, _fetch(web, release, digest, partial, notify), folder)
    except FileMissing as error:
        raise SourceUnavailable(str(error)) from error


def _checksum(web: Web, release: ProgramRelease) -> str:
    text = web.read(release.checksums)
    digest = published_digest(text, release.file)
    if digest is None:
        raise SandboxError(
            f"{release.checksums}: expected the SHA-256 of {release.file}, got {_excerpt(text)}",
            hint="see whether a proxy or a sign-in page answers in the server's place",
        )
    return digest


def _excerpt(text: str) -> str:
    return repr(text[:60] + "…") if len(text) > 60 else repr(text)


def _fetch(web: Web, release: ProgramRelease, digest: str, partial: Path, notify: Notify) -> Path:
    """Return the verified file; one begun before is continued."""
    path = partial / release.file
    if exists(path):  # only verified files get this name
        return path
    part = partial / f"{release.file}.part"
    continued = exists(part)
    _transfer(web, release, part, notify)
    actual = _sha256(part)
    if actual != digest and continued:  # the beginning may have been another file's
        part.unlink()
        _transfer(web, release, part, notify)
        actual = _sha256(part)
    if actual != digest:
        size = part.stat().st_size
        part.unlink()
        raise SandboxError(
            f"{release.file}: wrong checksum: expected {digest}, got {actual} "
            f"({size:,} bytes from {release.url})",
            hint="the file is not what was published: look at the server or the mirror",
        )
    part.replace(path)
    return path


def _transfer(web: Web, release: ProgramRelease, part: Path, notify: Notify) -> None:
    def progress(done: int, total: int) -> None:
        notify(Step(f"downloading {release.program}", done, total, "bytes"))

    try:
        web.fetch(release.url, part, progress)
    except Truncated as error:
        raise SandboxError(
            f"{release.file}: truncated: expected {error.expected:,} bytes, got {error.got:,} "
            f"from {release.url} ({error.reason})",
            hint="run the command again: it goes on where it stopped",
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install(release: ProgramRelease, path: Path, folder: Path) -> None:
    program = folder / release.program
    if release.member:
        _extract(path, release.member, program)
    else:
        shutil.copyfile(path, program)
    program.chmod(0o755)


def _extract(archive: Path, member: str, program: Path) -> None:
    with tarfile.open(archive) as tar:
        try:
            source = tar.extractfile(member)
        except KeyError:
            source = None
        if source is None:
            raise SandboxError(f"{archive.name}: expected the file {member} in it, found none")
        with source, program.open("wb") as file:
            shutil.copyfileobj(source, file, _BLOCK)
