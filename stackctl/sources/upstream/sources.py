"""A source of a component, whatever it is, brought and rendered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackctl.errors import ConfigError, RenderError, SourceUnreachable
from stackctl.model.charts.capabilities import Capabilities
from stackctl.model.charts.rendered import Rendered
from stackctl.model.resolve.chosen_source import ChosenSource


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """For whom a source is rendered."""

    component: str
    namespace: str
    values: Mapping[str, Any]  # of a chart
    capabilities: Capabilities
    confidential: bool = False  # the values hold what must not be kept on disk
    looked_at: bool = False  # nothing of it is applied


def read_source(chosen: ChosenSource, wanted: SourceRequest) -> Rendered:
    """Return what a source comes to.

    Raises:
        RenderError: it cannot be brought or rendered; where it is said is in front.
        SourceUnreachable: who has it does not answer, or does not give it.
    """
    try:
        return _read(chosen, wanted)
    except (RenderError, ConfigError) as error:
        problems = [f"{chosen.origin}: {wanted.component}: {problem}" for problem in error.each]
        kind = SourceUnreachable if isinstance(error, SourceUnreachable) else RenderError
        raise kind.listing(
            f"component {wanted.component} cannot be rendered:", problems, hint=error.hint
        ) from error


def _read(chosen: ChosenSource, wanted: SourceRequest) -> Rendered:
    source, able = chosen.source, wanted.capabilities
    if source.chart:
        from stackctl.sources.upstream import charts, fetch

        asked = charts.ChartRequest(
            wanted.component,
            wanted.namespace,
            wanted.values,
            able,
            keep=not wanted.confidential,
            looked_at=wanted.looked_at,
        )
        return charts.render(source.chart, fetch.located(source.chart, chosen.base), asked)
    if source.kustomize:
        from stackctl.sources.upstream.kustomize import build

        return build(source.kustomize, chosen.base, wanted.namespace, able.scopes)
    from stackctl.sources.upstream.manifests import read

    return read(source.manifests, chosen.base, wanted.namespace, able.scopes)
