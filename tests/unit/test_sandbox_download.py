"""Getting the programs from a server that stands in for the official releases."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stackctl.errors import SandboxError
from stackctl.model.run.events import Event, Notice, Step
from stackctl.sandbox.machine.interrupts import Interrupts
from stackctl.sandbox.plane.ports import choose_ports
from stackctl.sandbox.programs.binaries import Binaries, Search, find_binaries
from stackctl.sandbox.programs.download import releases
from stackctl.sandbox.programs.versions import PROGRAMS, Platform
from tests.unit.releases import PLATFORM, Releases, archive, serving


@pytest.fixture
def served() -> Iterator[Releases]:
    with serving() as releases:
        yield releases


class Searching:
    """A search for programs with an empty cache, and without Go."""

    def __init__(self, cache: Path, environment: Mapping[str, str], **more: str) -> None:
        self.told: list[Event] = []
        self.search = Search(cache, PLATFORM, {"PATH": "", **environment, **more})

    def find(self) -> Binaries:
        """Find them."""
        return find_binaries(self.search, self.told.append, Interrupts())


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.suffix in (".part", ".lock"))


def test_a_release_becomes_the_cache(tmp_path, served):
    """Every program is fetched, can be executed, and is found in the cache the next time."""
    found = Searching(tmp_path, served.environment).find()
    assert found.source == "release"
    for program in PROGRAMS:
        path = found.folder / program
        assert program in path.read_text()
        assert path.stat().st_mode & stat.S_IXUSR
    served.asked.clear()
    assert Searching(tmp_path, served.environment).find() == Binaries(found.folder, "cache")
    assert served.asked == []
    assert leftovers(tmp_path) == []


def test_progress_is_told_in_bytes(tmp_path, served):
    """Each file's bytes are counted up to its size."""
    searching = Searching(tmp_path, served.environment)
    searching.find()
    steps = [event for event in searching.told if isinstance(event, Step) and event.total]
    assert {step.unit for step in steps} == {"bytes"}
    ends = {step.text for step in steps if step.done == step.total}
    assert ends == {f"downloading {program}" for program in PROGRAMS}


def test_a_wrong_checksum_is_an_error(tmp_path, served):
    """A file that is not what was published is named with both digests, and never built instead."""
    path = served.find("/kube-scheduler")
    served.files[path] = served.files[path].replace(b"x", b"y")
    searching = Searching(tmp_path, served.environment)
    with pytest.raises(
        SandboxError, match=r"kube-scheduler: wrong checksum: expected \w{64}, got \w{64}"
    ):
        searching.find()
    assert not searching.search.cached.exists()
    assert not [name for name in leftovers(tmp_path) if "kube-scheduler" in name]


def test_after_a_wrong_checksum_a_mended_server_serves(tmp_path, served):
    """The wrong file is thrown away, what was right is not fetched again."""
    path = served.find("/kube-scheduler")
    good, served.files[path] = served.files[path], b"something else"
    with pytest.raises(SandboxError):
        Searching(tmp_path, served.environment).find()
    served.files[path] = good
    served.asked.clear()
    assert Searching(tmp_path, served.environment).find().source == "release"
    assert served.find("/kube-apiserver") not in served.asked


def test_a_truncated_file_is_an_error(tmp_path, served):
    """A file that ends too soon is named with both sizes, and never built instead."""
    path = served.find("/kube-apiserver")
    served.cut[path] = 3000
    size = len(served.files[path])
    with pytest.raises(
        SandboxError, match=rf"kube-apiserver: truncated: expected {size:,} bytes, got 3,000"
    ):
        Searching(tmp_path, served.environment).find()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_stopped(tmp_path, served, ranges):
    """The next run asks for the rest only; a server that cannot do that sends it all."""
    path = served.find("/kube-apiserver")
    served.cut[path] = 3000
    with pytest.raises(SandboxError, match="truncated"):
        Searching(tmp_path, served.environment).find()
    served.cut.clear()
    served.asked.clear()
    served.ranges = ranges
    found = Searching(tmp_path, served.environment).find()
    assert f"{path} bytes=3000-" in served.asked
    assert (found.folder / "kube-apiserver").read_bytes() == served.files[path]


@pytest.mark.parametrize("begun", [b"the beginning of another file", b"x" * 100_000])
def test_the_wrong_beginning_is_not_continued_forever(tmp_path, served, begun):
    """What was begun of a file that has changed, or is longer than it, is fetched anew."""
    searching = Searching(tmp_path, served.environment)
    partial = tmp_path / f"{searching.search.cached.name}.downloads"
    partial.mkdir()
    (partial / "kube-apiserver.part").write_bytes(begun)
    found = searching.find()
    expected = served.files[served.find("/kube-apiserver")]
    assert (found.folder / "kube-apiserver").read_bytes() == expected


def test_a_missing_file_is_named_and_the_next_source_tried(tmp_path, served):
    """A 404 is a reason with the address in it, beside the reasons of the other sources."""
    path = served.find("/kube-controller-manager")
    del served.files[path]
    with pytest.raises(SandboxError) as caught:
        Searching(tmp_path, served.environment).find()
    text = str(caught.value)
    assert f"official releases  {served.address}{path}: not found (404)" in text
    assert "build from source  there is no `go`" in text


def test_without_a_network_the_reasons_of_all_four_sources_are_said(tmp_path):
    """Nothing that can be reached, no Go, no folder: the user learns what would help."""
    with pytest.raises(SandboxError) as caught:
        Searching(tmp_path, unreachable()).find()
    lines = str(caught.value).splitlines()
    assert [line.split("  ")[1] for line in lines[1:]] == [
        "--assets DIR",
        "cache",
        "official releases",
        "build from source",
    ]
    assert "unreachable: Connection refused" in lines[3]
    assert "--install-go" in caught.value.hint


def test_a_sign_in_page_is_not_a_checksum(tmp_path, served):
    """A proxy that answers in the server's place is shown, not believed."""
    served.files[served.find("SHA256SUMS")] = b"<html><title>Sign in</title></html>"
    with pytest.raises(SandboxError, match=r"expected the SHA-256 of etcd-.*, got '<html>"):
        Searching(tmp_path, served.environment).find()


def test_an_archive_without_the_program_is_an_error(tmp_path, served):
    """The archive is named, and the file that should be in it."""
    content = archive("another/etcd", b"")
    served.files[served.find(".tar.gz")] = content
    name = served.find(".tar.gz").rpartition("/")[2]
    sums = f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    served.files[served.find("SHA256SUMS")] = sums.encode()
    with pytest.raises(SandboxError, match=r"\.tar\.gz: expected the file etcd-.*/etcd in it"):
        Searching(tmp_path, served.environment).find()


def test_the_named_folder_comes_first(tmp_path, served):
    """A folder given by option or environment is used as it is; nothing is fetched."""
    folder = tmp_path / "assets"
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).touch()
    for variable in ("STACKCTL_SANDBOX_ASSETS", "KUBEBUILDER_ASSETS"):
        searching = Searching(tmp_path / "cache", served.environment, **{variable: str(folder)})
        assert searching.find() == Binaries(folder, "assets")
    assert served.asked == []


def test_an_incomplete_named_folder_is_an_error(tmp_path, served):
    """Who names a folder means it: what is missing in it is said."""
    searching = Searching(tmp_path, served.environment, STACKCTL_SANDBOX_ASSETS=str(tmp_path))
    (tmp_path / "etcd").touch()
    with pytest.raises(SandboxError, match=r"no program kube-apiserver, .*, kwok in the folder"):
        searching.find()


def test_assets_for_another_purpose_are_passed_over(tmp_path, served):
    """KUBEBUILDER_ASSETS usually lacks most programs, and does not stand in the way then."""
    searching = Searching(tmp_path, served.environment, KUBEBUILDER_ASSETS=str(tmp_path))
    assert searching.find().source == "release"


def test_platforms_without_releases_are_not_asked_for(tmp_path):
    """Kubernetes publishes servers for Linux only: the reason is said without a request."""
    search = Search(tmp_path, Platform("darwin", "arm64"), {"PATH": ""})
    with pytest.raises(SandboxError, match="publishes no servers for darwin-arm64"):
        find_binaries(search, lambda _: None, Interrupts())


def test_the_originals_are_the_default():
    """Without a mirror, files and checksums come from where upstream publishes them."""
    addresses = {release.url.split("/")[2] for release in releases(PLATFORM, {})}
    assert addresses == {"dl.k8s.io", "github.com"}
    assert all(release.url.startswith("https://") for release in releases(PLATFORM, {}))
    assert all(release.checksums.startswith("https://") for release in releases(PLATFORM, {}))


def go_that(tmp_path: Path, script: str) -> str:
    """Put a stand-in for the Go command on a PATH of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "go"
    head = '#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit 0\n'
    program.write_text(head + script)
    program.chmod(0o755)
    return f"{folder}:{os.defpath}"


def unreachable() -> dict[str, str]:
    closed = f"http://127.0.0.1:{choose_ports(None).api}"
    names = [f"STACKCTL_SANDBOX_{name}_URL" for name in ("KUBERNETES", "ETCD", "KWOK")]
    return dict.fromkeys(names, closed)


BUILDS = """
if [ "$1" = list ]; then echo "go: downloading example.org/x v1" >&2; echo one; echo two; exit 0; fi
echo one >&2; echo two >&2
while [ "$1" != -o ]; do shift; done
echo program > "$2"
"""


def test_what_cannot_be_fetched_is_built(tmp_path):
    """With a Go command the programs are built, packages are counted, the result is cached."""
    path = go_that(tmp_path, BUILDS)
    searching = Searching(tmp_path / "cache", unreachable(), PATH=path)
    found = searching.find()
    assert found.source == "build"
    assert {(found.folder / program).read_text() for program in PROGRAMS} == {"program\n"}
    steps = [event for event in searching.told if isinstance(event, Step)]
    compiling = [step for step in steps if step.text == "compiling the control plane"]
    assert [(step.done, step.total, step.unit) for step in compiling] == [
        (0, 2, "packages"),
        (1, 2, "packages"),
    ]
    assert all(step.left for step in compiling)
    assert steps[-1].text == "linking the control plane"
    first = next(each for each in searching.told if isinstance(each, Notice))
    assert "minutes" in first.text
    assert searching.told.index(first) < searching.told.index(compiling[0])
    assert "fetching the sources" in {step.text for step in steps if step.done == 1}
    assert searching.find().source == "cache"


def test_a_failed_build_says_gos_own_words(tmp_path):
    """The reason is what the Go command said, and nothing half built is left."""
    path = go_that(tmp_path, 'echo "go: no route to host" >&2; exit 1\n')
    cache = tmp_path / "cache"
    with pytest.raises(SandboxError, match=r"`go list` failed: go: no route to host"):
        Searching(cache, unreachable(), PATH=path).find()
    assert list(cache.iterdir()) == []


def test_an_old_go_is_not_used(tmp_path):
    """A Go command from before toolchains could fetch newer ones is as good as none."""
    path = go_that(tmp_path, "exit 1\n")
    program = tmp_path / "bin" / "go"
    program.write_text(program.read_text().replace("go1.26.0", "go1.19.8"))
    with pytest.raises(SandboxError, match="there is no `go`"):
        Searching(tmp_path / "cache", unreachable(), PATH=path).find()
