"""What a profile, a stack file and `--set` come to: every component with everything decided.

Later beats earlier: default, profile chain, stack file, what `--set` said in earlier runs and
holds on, `--set`. Maps merge, lists replace, null takes a setting back to its default and a
component out. Every fault is reported at once.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.component import Component, Mode
from stackctl.model.catalogue.profile import (
    Accepted,
    Needs,
    Origin,
    Profile,
    Settings,
    StackFile,
    TargetPin,
)
from stackctl.model.objects.merge import overlay
from stackctl.model.resolve import acceptance, graph
from stackctl.model.resolve.chosen_source import by_profile
from stackctl.model.resolve.component_settings import COMMAND_LINE, Inputs, Override, choose
from stackctl.model.resolve.overrides import KeptOverrides, component_of, standing
from stackctl.model.resolve.profile_chain import Layer, chain_of, layer_of
from stackctl.model.resolve.selection import Chosen, Selection
from stackctl.model.resolve.stack_settings import problems as setting_problems
from stackctl.model.resolve.wires import wired
from stackctl.model.shapes.decode import decode
from stackctl.model.shapes.suggest import did_you_mean

_KEY = re.compile(r"[a-zA-Z0-9-]+(\.[\w-]+)*")
_SET = re.compile(r"(?P<component>[a-z0-9-]+)\.(?P<path>[^=\s]+)=(?P<value>.*)", re.DOTALL)


def resolve(
    catalogue: Catalogue,
    profile: str,
    *,
    stack: StackFile | None = None,
    sets: Sequence[str] = (),
    kept: KeptOverrides | None = None,
) -> Selection:
    """Decide everything that a profile, a stack file and overrides leave to be decided.

    Raises:
        ConfigError: with every fault found, each with the file and line it comes from.
    """
    chain = chain_of(catalogue, profile, stack)
    layers = [layer_of(part) for part in chain] + ([layer_of(stack)] if stack else [])
    problems: list[str] = []
    collected, taken_out = _gather(layers, problems)
    problems += _unknown(catalogue, layers)
    origin = Origin(f"revision {kept.revision}: --set") if kept else COMMAND_LINE
    held, unused = _held(kept, sets, collected)
    for texts, source in ((held, origin), (standing(sets), COMMAND_LINE)):
        overrides = _overrides(texts, source, problems)
        _override(collected, overrides, catalogue, profile, problems)
    chosen = [
        choose(component, inputs, problems)
        for name, inputs in collected.items()
        if (component := _component(name, inputs, catalogue, problems))
    ]
    running = [part for part in chosen if part.mode is not Mode.SKIP]
    if not problems:  # the graph of half-understood components would only confuse
        left_out = taken_out | _skipped(chosen)
        running = list(wired(running, catalogue.components, problems))
        problems += graph.problems(running, catalogue.components, left_out)
    settings = decode(Settings, _merged(layer.settings for layer in layers))
    problems += setting_problems(settings)
    accepted = decode(Accepted, _merged(layer.accepts for layer in layers))
    problems += (unaccepted := list(acceptance.problems(accepted, layers, running)))
    if problems:
        stale = kept and any(problem.startswith(str(origin)) for problem in problems)
        hint = "stackctl upgrade --reset starts from the profile alone" if stale else ""
        hint = hint or (acceptance.HINT if unaccepted else "")
        raise ConfigError.listing(f"profile {profile} cannot be resolved:", problems, hint=hint)
    return Selection(
        profile=profile,
        chain=tuple(part.name for part in chain),
        components=graph.ordered(running),
        requires=decode(Needs, _merged(layer.requires for layer in layers)),
        settings=settings,
        target=stack.target if stack else TargetPin(),
        record=_record_namespace([*chain, *([stack] if stack else [])]),
        unused=unused,
    )


def _held(
    kept: KeptOverrides | None, sets: Sequence[str], components: Container[str]
) -> tuple[list[str], frozenset[str]]:
    """Return what earlier runs said and holds on, and the keys of what nothing needs any more.

    A component may have left the profile, or the catalogue, or be part of another profile only.
    """
    before = kept.except_for(sets) if kept else {}
    unused = frozenset(key for key in before if component_of(key) not in components)
    return [f"{key}={value}" for key, value in before.items() if key not in unused], unused


def _skipped(chosen: Iterable[Chosen]) -> dict[str, str]:
    """Say of each component that is skipped where that is said."""
    return {
        part.component.name: f"{part.mode_origin}: {part.component.name} is skipped"
        for part in chosen
        if part.mode is Mode.SKIP
    }


def _record_namespace(files: Iterable[Profile | StackFile]) -> str | None:
    """Take what the last file says that says anything."""
    named = [file.record.namespace for file in files if file.record.namespace]
    return named[-1] if named else None


def _merged(values: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for value in values:
        result = overlay(result, value)
    return result


def _gather(
    layers: Iterable[Layer], problems: list[str]
) -> tuple[dict[str, Inputs], dict[str, str]]:
    """Collect what the layers say, component by component; and which they take out, and where."""
    collected: dict[str, Inputs] = {}
    taken_out: dict[str, str] = {}
    layers = list(layers)
    for layer in layers:
        for name, choice in layer.components.items():
            if choice is not None:
                collected.setdefault(name, Inputs()).choices.append((choice, layer))
                taken_out.pop(name, None)
            elif collected.pop(name, None) is not None:
                taken_out[name] = f"{layer.origin('components', name)}: {name} is taken out"
            else:
                problems.append(
                    f"{layer.origin('components', name)}: spec.components.{name}: takes out a "
                    "component that nothing before puts in; to put it in, write {}"
                )
    _adjust(collected, layers)
    return collected, taken_out


def _adjust(collected: Mapping[str, Inputs], layers: Sequence[Layer]) -> None:
    """Add what layers say of components that are there, whoever puts them in, in its turn."""
    ranks = {id(layer): rank for rank, layer in enumerate(layers)}
    for layer in layers:
        for name, choice in layer.adjust.items():
            if name in collected:
                choices = collected[name].choices
                choices.append((choice, layer))
                choices.sort(key=lambda pair: ranks[id(pair[1])])


def _unknown(catalogue: Catalogue, layers: Iterable[Layer]) -> Iterator[str]:
    """Yield which components are adjusted that nobody knows."""
    for layer in layers:
        for name in layer.adjust:
            if name not in catalogue.components:
                known = did_you_mean(name, catalogue.components)
                yield (
                    f"{layer.origin('adjust', name)}: spec.adjust.{name}: no component is called "
                    f"{name}{known}"
                )


def _overrides(texts: Iterable[str], origin: Origin, problems: list[str]) -> Iterator[Override]:
    for text in texts:
        if match := _SET.fullmatch(text):
            yield Override(match["component"], match["path"], match["value"], origin)
        else:
            key = _KEY.match(text)
            named = key[0] if key else ""
            rest = "" if named == text else "=…" if text[len(named) :].startswith("=") else "…"
            # What comes after may be a secret.
            problems.append(f"{origin} {named}{rest}: expected component.parameter=value")


def _override(
    collected: Mapping[str, Inputs],
    overrides: Iterable[Override],
    catalogue: Catalogue,
    profile: str,
    problems: list[str],
) -> None:
    for override in overrides:
        if (name := override.component) in collected:
            collected[name].overrides.append(override)
        elif name in catalogue.components:
            problems.append(f"{override}: {name} is not in profile {profile}")
        else:
            known = did_you_mean(name, collected)
            problems.append(f"{override}: no component is called {name}{known}")


def _component(
    name: str, inputs: Inputs, catalogue: Catalogue, problems: list[str]
) -> Component | None:
    """Find a component in the catalogue, or make it of what files say of its source."""
    if found := catalogue.components.get(name) or by_profile(name, inputs.choices):
        return found
    _, layer = inputs.choices[0]
    problems.append(
        f"{layer.origin('components', name)}: spec.components.{name}: no component is called "
        f"{name}{did_you_mean(name, catalogue.components)}"
    )
    return None
