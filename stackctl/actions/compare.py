"""Render the chart that a component's manifests follow, and lay it beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError, UsageError
from stackctl.model.catalogue.component import Component
from stackctl.model.catalogue.profile import DEFAULT, Settings
from stackctl.model.catalogue.source import ChartSource, Source, source_problems
from stackctl.model.charts.capabilities import Capabilities
from stackctl.model.charts.rendered import Rendered
from stackctl.model.comparison.comparison import Comparison, compare
from stackctl.model.compose.compose import scopes_of
from stackctl.model.compose.embedded import formats
from stackctl.model.compose.layers import objects_of
from stackctl.model.objects.masking import names_in
from stackctl.model.objects.refs import Manifest
from stackctl.model.resolve.chosen_source import ChosenSource, followed_chart
from stackctl.model.resolve.component_settings import alone
from stackctl.model.resolve.confidential import secret_places, secrets_decided
from stackctl.secrets import SECRETS
from stackctl.sources.components import YAML, read_manifests
from stackctl.sources.files import read_catalogue
from stackctl.sources.upstream.sources import SourceRequest, read_source
from stackctl.sources.upstream.values import read_values


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """Which chart a component is compared with, where it is not the one that it names."""

    place: str = ""  # a folder, an archive, oci://…, or a repository's address with the name
    version: str = ""
    values: Path | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A component beside a chart."""

    component: Component
    chart: ChartSource
    version: str  # of the chart, as it says itself
    program: str  # of what the chart installs
    comparison: Comparison
    notes: tuple[str, ...]


def compare_component(
    name: str, choice: ChartChoice, catalogs: Sequence[Path] = (), kubernetes: str = ""
) -> Compared:
    """Compare the manifests of a component, as it comes, with a chart, with its own defaults.

    Raises:
        ConfigError: there is no such component, or it has no manifests or no chart.
        RenderError: the chart cannot be brought or rendered.
    """
    component = read_catalogue(catalogs).component(name)
    if component.spec.source is not None:
        raise ConfigError(f"{name} has no manifests of its own: it comes from a source")
    chart = chosen_chart(component, choice)
    ours = _ours(component)
    rendered = _rendered(component, chart, choice, kubernetes)
    heads = {name, chart.name, chart.oci.rpartition("/")[2], _folder(chart)}
    heads |= {f"{name}-{each}" for each in heads if each}
    secret = list(secret_places(component))
    found = compare(ours, rendered.objects, filter(None, heads), secret)
    return Compared(component, chart, rendered.version, rendered.program, found, rendered.notes)


def chosen_chart(component: Component, choice: ChartChoice) -> ChartSource:
    """Say which chart is meant.

    Raises:
        ConfigError: nobody names one.
        UsageError: what is named is none, or has no versions.
    """
    upstream = component.spec.upstream
    followed = followed_chart(upstream.chart) if upstream and upstream.chart else None
    if not choice.place:
        if followed is None:
            raise ConfigError(
                f"{component.name}: component.yaml names no chart: spec.upstream.chart",
                hint=f"name one: stackctl component compare {component.name} --chart DIR",
            )
        chart = replace(followed, version=choice.version or followed.version)
    elif "://" not in choice.place:
        if choice.version:
            raise UsageError("--version: a folder or an archive is a chart in one version")
        return ChartSource(path=str(Path(choice.place).absolute()))
    else:
        version = choice.version or (followed.version if followed else "")
        chart = replace(_elsewhere(choice.place), version=version)
    if wrong := [str(each) for each in source_problems(Source(chart=chart))]:
        raise UsageError(f"--chart {choice.place or chart}: {'; '.join(wrong)}")
    return chart


def _elsewhere(place: str) -> ChartSource:
    if place.startswith("oci://"):
        return ChartSource(oci=place)
    repository, _, name = place.rstrip("/").rpartition("/")
    return ChartSource(repository=repository, name=name)


def _folder(chart: ChartSource) -> str:
    return Path(chart.path).name.removesuffix(".tgz") if chart.path else ""


def _ours(component: Component) -> list[Manifest]:
    problems: list[str] = []
    (chosen,) = alone(component, problems).components
    if problems:
        raise ConfigError.listing(f"component {component.name} is not right:", problems)
    manifests = read_manifests(component)
    scopes = scopes_of([manifests])
    made = list(objects_of(chosen, manifests, scopes, formats(YAML), Settings()))
    SECRETS.name(names_in(made))
    SECRETS.learn(secrets_decided(chosen))
    return made


def _rendered(
    component: Component, chart: ChartSource, choice: ChartChoice, kubernetes: str
) -> Rendered:
    values: Mapping[str, Any] = read_values(choice.values) if choice.values else {}
    asked = SourceRequest(
        component.name,
        component.spec.namespace,
        values,
        Capabilities(kubernetes),
        confidential=True,  # whatever values are given, no later run needs this
        looked_at=True,
    )
    return read_source(ChosenSource(Source(chart=chart), component.file, DEFAULT), asked)
