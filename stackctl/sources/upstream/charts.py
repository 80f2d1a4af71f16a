"""A chart rendered: for a namespace, values and a cluster; once, as long as these are the same.

The first time it is rendered twice, to see what it makes up anew each time. Helm is needed only
where there is nothing to go back to. Where charts come from is `fetch`'s part, running Helm
`helm`'s.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackctl.errors import RenderError
from stackctl.files import Unreadable, read_file, write_private
from stackctl.model.catalogue.source import ChartSource
from stackctl.model.charts.capabilities import Capabilities
from stackctl.model.charts.generated import Unstable, differing, shown
from stackctl.model.charts.hooks import sorted_hooks
from stackctl.model.charts.rendered import Fields, Rendered
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.objects.wording import first_few
from stackctl.model.shapes.suggest import did_you_mean
from stackctl.secrets import SECRETS, secretive
from stackctl.sources.upstream import helm
from stackctl.sources.upstream.archive import ChartFiles, chart_files
from stackctl.sources.upstream.texts import objects_in

_FORMAT = 1  # of what is kept
_LOOKUP = re.compile(rb"\{\{[^}]*\blookup\s")
_MISSING = re.compile(r"missing in charts/ directory: (?P<names>.*)")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What a chart is rendered for."""

    component: str  # which is its release's name
    namespace: str
    values: Mapping[str, Any]
    capabilities: Capabilities
    keep: bool = True  # the values hold nothing that must not be kept on disk
    looked_at: bool = False  # nothing is applied: hooks that have no step are objects as others


@dataclass(frozen=True, slots=True)
class _Rendering:
    text: bytes
    generated: list[list[Any]]
    version: str
    lookups: tuple[str, ...]


def render(chart: ChartSource, path: Path, wanted: ChartRequest) -> Rendered:
    """Render a chart that is on this machine, a folder or an archive.

    Raises:
        RenderError: there is no Helm, the chart does not render, or nothing can be made of it.
    """
    SECRETS.learn(_secret_values(wanted.values))
    files = chart_files(path)
    place = helm.cache_folder() / "rendered" / f"{_key(files.digest, wanted)}.json"
    found = _kept(place)
    if found is None:
        found = _rendered(chart, path, files, wanted)
        if wanted.keep:
            _keep(place, found)
    elif not found.text:  # it was not kept, for it holds what was drawn
        (text,) = _run(chart, path, wanted, 1)
        found = _Rendering(text, found.generated, found.version, found.lookups)
    title = f"chart {chart}"
    made = _objects(title, found.text, wanted)
    objects, tests = _sorted(title, made, chart, wanted)
    notes = []
    generated = _fields(found.generated)
    if generated:
        named = first_few(shown(generated), _NAMED, "more fields")
        notes.append(f"made up anew at each rendering, kept as it is where it is there: {named}")
    if found.lookups:
        where = first_few(found.lookups, _NAMED, "more files")
        notes.append(f"asks the cluster (lookup), and is rendered as where nothing is: {where}")
    told = tuple(f"{wanted.component}: {note}" for note in notes)
    program = str(files.metadata.get("appVersion") or "")
    digest = f"sha256:{files.digest}"
    return Rendered(objects, found.version, program, generated, told, tests, digest)


def _rendered(
    chart: ChartSource, path: Path, files: ChartFiles, wanted: ChartRequest
) -> _Rendering:
    """Render for the first time: twice, and compare."""
    text, again = _run(chart, path, wanted, 2)
    version, lookups = str(files.metadata.get("version") or ""), tuple(_lookups(files))
    if text == again:
        return _Rendering(text, [], version, lookups)
    title = f"chart {chart}"
    try:
        first, second = (
            [each for _, each in _main(_objects(title, each, wanted))] for each in (text, again)
        )
        fields = differing(first, second)
    except Unstable as error:
        raise RenderError(
            f"{title} renders differently each time, and what is there cannot be kept: {error}",
            hint="set the values that it makes up, see helm show values",
        ) from error
    generated = [[ref.key, [*at]] for ref, all_ in fields.items() for at in all_]
    return _Rendering(text, generated, version, lookups)


def _main(made: Iterable[tuple[str, Manifest]]) -> Iterator[tuple[str, Manifest]]:
    """Leave out what no deploy applies."""
    sorted_ = sorted_hooks((each for _, each in made), {})
    kept = {id(each) for each in sorted_.objects}
    yield from ((name, each) for name, each in made if id(each) in kept)
    yield from (("", each) for each in sorted_.objects if id(each) not in {id(m) for _, m in made})


def _run(chart: ChartSource, path: Path, wanted: ChartRequest, times: int) -> list[bytes]:
    able = wanted.capabilities
    arguments = ["template", wanted.component, str(path), "--namespace", wanted.namespace]
    arguments += ["--include-crds", "--values", "-"]
    if able.kubernetes:
        arguments += ["--kube-version", able.kubernetes]
    for api in sorted(able.apis):
        arguments += ["--api-versions", api]
    text = json.dumps(wanted.values).encode()
    try:
        return helm.find().run(*[(arguments, text)] * times)
    except helm.HelmFailed as error:
        hint = ""
        if _MISSING.search(str(error)):
            hint = f"helm dependency build {path}"
        raise RenderError(f"chart {chart} does not render: {error}", hint=hint) from error


def _objects(title: str, text: bytes, wanted: ChartRequest) -> list[tuple[str, Manifest]]:
    return objects_in(text, title, wanted.namespace, wanted.capabilities.scopes)


def _sorted(
    title: str, made: list[tuple[str, Manifest]], chart: ChartSource, wanted: ChartRequest
) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """Give hooks their steps, and part the tests from them.

    Raises:
        RenderError: some have none, or some are named that are not there.
    """
    found = sorted_hooks((each for _, each in made), chart.hooks)
    where = f"components.{wanted.component}.source.chart.hooks"
    if found.refused and not wanted.looked_at:
        problems = [
            f"{title}: the hook {name} runs at {moment}, which a deploy has no exact moment for"
            for name, moment in found.refused
        ]
        named = ", ".join(f"{name}: skip" for name, _ in found.refused)
        raise RenderError.listing(
            f"{title} has hooks that have no step:",
            problems,
            hint=f"say what becomes of each: {where}: {{{named}}}, or before, or after",
        )
    if found.unknown:
        names = [_title(each) for _, each in made]
        what = found.unknown[0]
        raise RenderError(
            f"{title} has no hook {what}{did_you_mean(what, names)}",
            hint=f"take it out of {where}",
        )
    steps = {name for name, _ in found.refused}
    return (*found.objects, *(each for _, each in made if _title(each) in steps)), found.tests


def _title(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def _lookups(files: ChartFiles) -> Iterator[str]:
    for name, content in files.files.items():
        if "templates/" in name and _LOOKUP.search(content):
            yield name


def _secret_values(value: Any, key: str = "") -> Iterator[object]:
    """Yield the values that are called like secrets, at any depth."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _secret_values(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _secret_values(item, key)
    elif isinstance(value, str) and secretive(key):
        yield value


# what is kept


def _key(chart: str, wanted: ChartRequest) -> str:
    able = wanted.capabilities
    parts = [_FORMAT, chart, wanted.component, wanted.namespace, wanted.values]
    text = json.dumps([*parts, able.kubernetes, sorted(able.apis)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(place: Path) -> _Rendering | None:
    try:
        plain = json.loads(read_file(place, helm.MOST_BYTES))
        return _Rendering(
            plain["text"].encode(), plain["generated"], plain["version"], tuple(plain["lookups"])
        )
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(place: Path, found: _Rendering) -> None:
    """Keep a rendering for the next time; of one that holds what was drawn, only that it does."""
    plain = {
        "text": "" if found.generated else found.text.decode(errors="replace"),
        "generated": found.generated,
        "version": found.version,
        "lookups": found.lookups,
    }
    with suppress(OSError):  # it is rendered again then
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(place, json.dumps(plain).encode())


def _fields(plain: list[list[Any]]) -> Fields:
    found: dict[Ref, tuple[tuple[str | int, ...], ...]] = {}
    for key, at in plain:
        ref = Ref.parse(key)
        found[ref] = (*found.get(ref, ()), tuple(at))
    return found
