"""Layers of recipes laid over each other, as `aicr recipe` does it.

What a layer has a value for replaces what is below it; overrides merge key by key, manifests add
up. Which files there are is said by sources.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from graphlib import CycleError, TopologicalSorter

from stackctl.model.catalogue.profile import Lines, Origin, origin_of
from stackctl.model.recipes.recipe import (
    ChartDefaults,
    Constraint,
    Criteria,
    Ingredient,
    LayerSpec,
    ResolvedRecipe,
    ValidationPhase,
)
from stackctl.model.shapes.suggest import did_you_mean

ROOT = "base"
At = tuple[str | int, ...]


class Unlayered(ValueError):
    """A layer names another one that is not there, or that leads back to it."""


@dataclass(frozen=True, slots=True)
class RecipeLayer:
    """A layer as its file says it."""

    name: str
    spec: LayerSpec
    file: str
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    unknown: tuple[tuple[Origin, str], ...] = ()

    def origin(self, *at: str | int) -> Origin:
        """Return the line of a path in its spec."""
        return origin_of(self.file, self.lines, ("spec", *at))


Layers = Mapping[str, RecipeLayer]


def resolved(
    wanted: RecipeLayer, layers: Layers, mixins: Layers, defaults: Mapping[str, ChartDefaults]
) -> ResolvedRecipe:
    """Make the recipe that is for what a layer is for.

    That is everything whose criteria match its own, the more particular later, each over what it
    is based on.

    Raises:
        Unlayered: a layer that is named is not there.
    """
    criteria = wanted.spec.criteria or Criteria()
    matching = [
        each
        for each in layers.values()
        if each.spec.criteria is not None and each.spec.criteria.matches(criteria)
    ]
    matching.sort(key=lambda each: (len((each.spec.criteria or Criteria()).said), each.name))
    chosen: dict[str, RecipeLayer] = {}
    for each in [*matching, wanted]:
        chosen |= {layer.name: layer for layer in _chain(each, layers)}
    if ROOT in layers:
        chosen = {ROOT: layers[ROOT]} | chosen
    mixed = {name: mixins[name] for each in chosen.values() for name in _mixed(each, mixins)}
    return _laid([*chosen.values(), *mixed.values()], criteria, defaults)


def _chain(layer: RecipeLayer, layers: Layers) -> Sequence[RecipeLayer]:
    """Return a layer and those it is based on, the lowest first; the root is left out."""
    chain = [layer]
    while (name := chain[0].spec.base) not in ("", ROOT):
        where = f"{chain[0].origin('base')}: spec.base"
        if name not in layers:
            raise Unlayered(f"{where}: no layer is called {name}{did_you_mean(name, layers)}")
        if layers[name] in chain:
            raise Unlayered(f"{where}: {name} is based on this one in turn")
        chain.insert(0, layers[name])
    return chain if layer.name != ROOT else []


def _mixed(layer: RecipeLayer, mixins: Layers) -> Iterator[str]:
    for index, name in enumerate(layer.spec.mixins):
        if name not in mixins:
            where = f"{layer.origin('mixins', index)}: spec.mixins[{index}]"
            raise Unlayered(f"{where}: no mixin is called {name}{did_you_mean(name, mixins)}")
        yield name


def _laid(
    layers: Sequence[RecipeLayer], criteria: Criteria, defaults: Mapping[str, ChartDefaults]
) -> ResolvedRecipe:
    constraints: dict[str, Constraint] = {}
    found: dict[str, Ingredient] = {}
    origins: dict[str, Origin] = {}
    validation: dict[str, ValidationPhase] = {}
    for layer in layers:
        constraints |= {each.name: each for each in layer.spec.constraints}
        validation |= layer.spec.validation
        for index, each in enumerate(layer.spec.componentRefs):
            below = found.get(each.name)
            found[each.name] = _over(below, each) if below else each
            origins[each.name] = layer.origin("componentRefs", index)
    return ResolvedRecipe(
        criteria,
        tuple(constraints.values()),
        tuple(completed(found[name], defaults) for name in sorted(found)),
        validation,
        layers=tuple(each.name for each in layers),
        origins=origins,
        unknown=tuple(each for layer in layers for each in layer.unknown),
    )


def _over(below: Ingredient, over: Ingredient) -> Ingredient:
    said = {each.name: value for each in fields(over) if (value := getattr(over, each.name))}
    files = dict.fromkeys((*below.manifestFiles, *over.manifestFiles))
    return replace(
        below,
        **said
        | {"overrides": {**below.overrides, **over.overrides}, "manifestFiles": tuple(files)},
    )


def completed(ingredient: Ingredient, defaults: Mapping[str, ChartDefaults]) -> Ingredient:
    """Fill in what is true of a component in all recipes, where this one does not say it."""
    if (known := defaults.get(ingredient.name)) is None:
        return ingredient
    return replace(
        ingredient,
        source=ingredient.source or known.defaultRepository,
        chart=ingredient.chart or known.defaultChart.rpartition("/")[2],
        version=ingredient.version or known.defaultVersion,
        namespace=ingredient.namespace or known.defaultNamespace,
    )


def recipe_problems(recipe: ResolvedRecipe) -> Iterator[str]:
    """Check that what depends on each other is there once, and in no circle."""
    names = {each.name for each in recipe.ingredients}
    for each in recipe.ingredients:
        where = f"{recipe.origins.get(each.name)}: componentRefs[name={each.name}].dependencyRefs"
        for other in each.dependencyRefs:
            if other not in names:
                yield f"{where}: no component is called {other}{did_you_mean(other, names)}"
    if circle := _circle(recipe.ingredients):
        first = recipe.origins.get(circle[0])
        yield f"{first}: componentRefs: they wait for each other: {' → '.join(circle)}"


def _circle(ingredients: Iterable[Ingredient]) -> list[str]:
    try:
        TopologicalSorter({each.name: each.dependencyRefs for each in ingredients}).prepare()
    except CycleError as error:
        return list(map(str, error.args[1]))
    return []
