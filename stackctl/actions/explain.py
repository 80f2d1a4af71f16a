"""Explain a component as a stack has it, or one value: who said so, and where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackctl.actions.components import Contents, contents, kinds_of
from stackctl.actions.compose import StackRequest, compose_stack, learn_settled, select
from stackctl.errors import ConfigError
from stackctl.model.catalogue.mode import Mode
from stackctl.model.privileges.privileges import privileges
from stackctl.model.resolve.component_settings import alone
from stackctl.model.resolve.explanation import Explanation
from stackctl.model.resolve.explanation import explain as explanation
from stackctl.model.resolve.graph import edges
from stackctl.model.resolve.overrides import component_of
from stackctl.model.resolve.selection import Chosen, Selection
from stackctl.sources.files import read_catalogue


@dataclass(frozen=True, slots=True)
class ExplainedComponent:
    """A component as a stack has it; without a stack, as it comes."""

    contents: Contents
    chosen: Chosen | None = None
    profile: str = ""
    needs: Mapping[str, str] = field(default_factory=dict)  # what it waits for, and why


def explain(subject: str, request: StackRequest) -> ExplainedComponent | Explanation:
    """Explain a component, or `component.parameter`, of a profile or stack file, or as it comes.

    Raises:
        ConfigError: there is no such thing, or a file is not right.
        RenderError: the layers do not fit together.
    """
    if "." in subject:
        selection = _selection(subject, request)
        learn_settled(selection)
        return explanation(selection, subject)
    if not _in_stack(request):
        return ExplainedComponent(contents(subject, request.catalogs))
    return _composed(subject, request)


def _in_stack(request: StackRequest) -> bool:
    """Tell whether anything but the catalogue is meant."""
    return bool(request.profile or request.stack_file or request.sets)


def _selection(subject: str, request: StackRequest) -> Selection:
    if _in_stack(request):
        return select(request)[1]
    return alone(read_catalogue(request.catalogs).component(component_of(subject)), [])


def _composed(name: str, request: StackRequest) -> ExplainedComponent:
    """Compose a stack and choose one component of it."""
    composed = compose_stack(request, described=True)
    selection = composed.selection
    found = {each.component.name: each for each in selection.components}
    if name not in found:
        there = read_catalogue(request.catalogs).component(name)  # or say that there is none
        raise ConfigError(
            f"{there.name} is not in profile {selection.profile}",
            hint=f"stackctl explain {name} tells of it without a profile",
        )
    chosen = found[name]
    (part,) = (each for each in composed.bundle.components if each.name == name)
    asked = [] if chosen.mode is Mode.EXTERNAL else privileges(composed.bundle.objects.values())
    mine = tuple(each for each in asked if each.component == name)
    hidden = composed.unrendered.get(name)
    known = kinds_of(part.objects)
    comes = Contents(chosen.component, known, {}, {}, {"": mine} if mine else {}, hidden=hidden)
    needs = edges(selection.components)[name]
    return ExplainedComponent(comes, chosen, selection.profile, needs)
