"""Files of manifests: of this machine, or fetched, verified and kept by their digest."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from stackctl.api.wire.proxies import proxy_for
from stackctl.errors import RenderError, SourceUnreachable
from stackctl.files import Unreadable, read_file, write_private
from stackctl.model.catalogue.source import ManifestFile
from stackctl.model.charts.rendered import Rendered
from stackctl.model.objects.kinds import Scopes, defined
from stackctl.model.objects.normalise import normalised
from stackctl.model.objects.refs import Manifest
from stackctl.sources.folders import shown
from stackctl.sources.upstream import helm
from stackctl.sources.upstream.texts import objects_in

MOST_BYTES = 16 << 20
_SECONDS = 30.0
_NOT_THERE = (404, 410)
_REACH = "see whether it is there, and reachable from here: curl -I with the same address"


def read(files: Iterable[ManifestFile], base: str, namespace: str, scopes: Scopes) -> Rendered:
    """Read files of manifests; paths start from the folder of the file that names them.

    Raises:
        SourceUnreachable: who has one does not answer, or does not give it.
        RenderError: one cannot be read, is not the one that was meant, or holds no objects.
    """
    found: list[Manifest] = []
    for file in files:
        path = Path(base).parent / file.path
        name = file.url or shown(path)
        content = _fetched(file) if file.url else _local(path, file)
        found += [each for _, each in objects_in(content, name, namespace, scopes)]
    known = {**scopes, **defined(found)}  # of definitions in other files
    return Rendered(tuple(normalised(each, namespace, known) for each in found))


def _local(path: Path, file: ManifestFile) -> bytes:
    try:
        content = read_file(path, MOST_BYTES)
    except Unreadable as error:
        why = "there is no such file" if error.absent else f"cannot be read: {error}"
        raise RenderError(f"{shown(path)}: {why}") from error
    return _verified(file, content, shown(path))


def _fetched(file: ManifestFile) -> bytes:
    path = helm.cache_folder() / "files" / file.sha256.removeprefix("sha256:")
    with suppress(Unreadable, RenderError):
        return _verified(file, read_file(path, MOST_BYTES), str(path))
    content = _verified(file, _get(file.url), file.url)
    with suppress(OSError):  # it is fetched again then
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, content)
    return content


def _get(url: str) -> bytes:
    import urllib3

    proxy = proxy_for(url, os.environ)
    pool = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
    try:
        answer = pool.request(
            "GET",
            url,
            timeout=_SECONDS,
            retries=urllib3.Retry(2, redirect=5),
            preload_content=False,
        )
        content = answer.read(MOST_BYTES + 1)
    except urllib3.exceptions.HTTPError as error:
        raise SourceUnreachable(f"{url} cannot be fetched: {_why(error)}", hint=_REACH) from error
    finally:
        pool.clear()
    if answer.status != 200:
        kind = RenderError if answer.status in _NOT_THERE else SourceUnreachable
        raise kind(f"{url} cannot be fetched: the server answers {answer.status}", hint=_REACH)
    if len(content) > MOST_BYTES:
        raise RenderError(f"{url}: larger than {MOST_BYTES >> 20} MiB, which no manifests are")
    return content


def _why(error: Exception) -> str:
    """Say the cause alone, without the classes that it is wrapped in."""
    reason = getattr(error, "reason", None) or error
    return str(reason).partition("): ")[2] or str(reason)


def _verified(file: ManifestFile, content: bytes, name: str) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    if file.sha256 and file.sha256.removeprefix("sha256:") != digest:
        raise RenderError(
            f"{name}: expected the SHA-256 {file.sha256.removeprefix('sha256:')}, found {digest}",
            hint="it is not what was meant: look at it before you correct sha256",
        )
    return content
