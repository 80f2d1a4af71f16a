"""A recipe as a profile: components of the catalogue where there are any, charts where not.

What has no counterpart is listed, each with the reason. Reading files is done by sources.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.catalogue.component import Component, ComponentSpec, Detect
from stackctl.model.catalogue.source import ChartSource, ManifestFile, Source
from stackctl.model.recipes.recipe import Constraint, Ingredient, ResolvedRecipe

OBJECTS = "objects"  # where manifests are of a component that is nothing else
_KUBERNETES = "K8s.server.version"
_BOUND = re.compile(r"(>=|<=|>|<|!=|==|)\s*v?(\d+(?:\.\d+){0,2})")
_NOT_HERE = "not found: --data DIR says where such files are"
_TEMPLATE = "Helm alone can make manifests of it"
_OWN = "-chart"  # what is called like a component of the catalogue, and is the chart all the same


@dataclass(frozen=True, slots=True)
class Supplies:
    """What the files come to that an ingredient names."""

    values: Mapping[str, Any] = field(default_factory=dict)
    manifests: Mapping[str, str] = field(default_factory=dict)  # texts by the name of the file
    missing: tuple[str, ...] = ()  # files that are not there
    templates: tuple[str, ...] = ()  # manifests that only Helm can make something of


NOTHING = Supplies()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a recipe says and the profile does not."""

    what: str
    why: str
    component: str = ""  # empty: of the recipe as a whole


def grouped(left: Iterable[LeftOut]) -> list[str]:
    """Name what is left out for one reason in one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in left:
        groups.setdefault((each.component or "the recipe", each.why), []).append(each.what)
    return [f"{name}: {_listed(whats)}: {why}" for (name, why), whats in groups.items()]


def _listed(whats: Sequence[str]) -> str:
    """Say once what several things are: `values a, b`."""
    first = whats[0].partition(" ")[0]
    if len(whats) > 1 and all(each.startswith(f"{first} ") for each in whats):
        return f"{first.rstrip('s')}s {', '.join(each.partition(' ')[2] for each in whats)}"
    return ", ".join(whats)


@dataclass(frozen=True, slots=True)
class Made:
    """What becomes of an ingredient."""

    ingredient: Ingredient
    component: str  # how it is called here
    version: str
    choice: Mapping[str, Any]  # what the profile says of it
    source: Source | None = None  # None: the catalogue has it, and no chart is taken
    spec: ComponentSpec | None = None  # of a component that is to be written
    manifests: Mapping[str, str] = field(default_factory=dict)  # that are written with it


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a recipe becomes, and what is lost."""

    made: tuple[Made, ...]
    left: tuple[LeftOut, ...]
    kubernetes: str = ""  # the version that is required


def converted(
    recipe: ResolvedRecipe,
    supplies: Mapping[str, Supplies],
    components: Mapping[str, Component],
    *,
    charts: bool = False,
) -> Conversion:
    """Say a recipe as a profile does; with `charts`, of what the catalogue has as well."""
    left: list[LeftOut] = []
    parts: list[Ingredient] = []
    for each in recipe.ingredients:
        reason = _unfit(each, supplies.get(each.name, NOTHING))
        if reason:
            left.append(LeftOut(*reason, component=each.name))
        else:
            parts.append(each)
    known = {each.name: _counterpart(each, components) for each in parts}
    able = {
        name: component.spec.provides[:1] if component else (name,)
        for name, component in known.items()
    }
    made = []
    for part in parts:
        after = tuple(dict.fromkeys(a for n in part.dependencyRefs for a in able.get(n, ())))
        found = _made(part, supplies.get(part.name, NOTHING), known[part.name], after, charts)
        made.append(found)
        left += _lost(part, supplies.get(part.name, NOTHING), found)
    wanted, others = _kubernetes(recipe.constraints)
    left += _lost_of_recipe(recipe, others)
    return Conversion(tuple(made), tuple(left), wanted)


def _unfit(part: Ingredient, supplies: Supplies) -> tuple[str, str] | None:
    """Tell why nothing can be made of an ingredient."""
    if not part.enabled:
        return "the component", "it is switched off: overrides.enabled is false"
    if part.type == "Kustomize":
        what = " ".join(filter(None, ("Kustomize", part.source, part.path, part.tag)))
        return what, "a folder of kustomize is taken from this machine only"
    if part.type not in ("", "Helm"):
        return f"type {part.type}", "expected Helm or Kustomize"
    if part.source:
        return _unfit_chart(part)
    return None if supplies.manifests else _bare(part, supplies)


def _bare(part: Ingredient, supplies: Supplies) -> tuple[str, str]:
    files = ", ".join(part.manifestFiles) or "the component"
    if supplies.missing:
        return files, f"it has no chart; {_NOT_HERE}"
    return files, f"it has no chart; {_TEMPLATE}" if supplies.templates else "it has no chart"


def _unfit_chart(part: Ingredient) -> tuple[str, str] | None:
    if not part.version:
        return f"chart {part.source}", "it has no version: what is newest is another one tomorrow"
    if not part.source.startswith(("oci://", "https://", "http://")):
        return f"chart {part.source}", "expected an address: oci://, https:// or http://"
    return None


def _counterpart(part: Ingredient, components: Mapping[str, Component]) -> Component | None:
    """Find what is of the same chart, or at least called the same."""
    chart = part.chart or part.name
    for each in components.values():
        upstream = each.spec.upstream
        if upstream and upstream.chart and upstream.chart.name == chart:
            return each
    return components.get(part.name)


def _made(
    part: Ingredient,
    supplies: Supplies,
    known: Component | None,
    after: tuple[str, ...],
    charts: bool,
) -> Made:
    if known and known.spec.source is None and not (charts and part.source):
        moved = part.namespace and part.namespace != known.spec.namespace
        choice = {"parameters": {"namespace": part.namespace}} if moved else {}
        return Made(part, known.name, known.spec.version, choice)
    source = _source(part, supplies)
    values = {"values": dict(supplies.values)} if supplies.values and source.chart else {}
    if known and known.spec.source and _same_place(known.spec.source, source):
        choice = {**_another_version(known.spec.source, source), **values}
        return Made(part, known.name, part.version, choice, source)
    name = part.name if known is None else f"{part.name}{_OWN}"
    spec = ComponentSpec(
        version=part.version or "0",
        namespace=part.namespace or part.name,
        source=source,
        after=after,
        provides=known.spec.provides if known and known.spec.provides else (part.name,),
        conflicts=known.spec.conflicts if known else (),
        detect=Detect(charts=(part.chart or part.name,)) if source.chart else Detect(),
    )
    return Made(part, name, part.version, values, source, spec, supplies.manifests)


def _source(part: Ingredient, supplies: Supplies) -> Source:
    chart = part.chart or part.name
    if part.source.startswith("oci://"):
        oci = f"{part.source.rstrip('/')}/{chart}"
        return Source(chart=ChartSource(oci=oci, version=part.version))
    if part.source:
        repository = part.source.rstrip("/")
        return Source(chart=ChartSource(repository=repository, name=chart, version=part.version))
    return Source(manifests=tuple(ManifestFile(f"{OBJECTS}/{n}") for n in supplies.manifests))


def _same_place(old: Source, new: Source) -> bool:
    return bool(old.chart and new.chart and old.chart.place == new.chart.place)


def _another_version(old: Source, new: Source) -> dict[str, Any]:
    if old.chart is None or new.chart is None or old.chart.version == new.chart.version:
        return {}
    return {"source": {"chart": {"version": new.chart.version}}}


def _lost(part: Ingredient, supplies: Supplies, made: Made) -> Iterator[LeftOut]:
    """Yield what of an ingredient is in no component and no profile."""
    if made.source is None or made.source.chart is None:
        for key in leaves(supplies.values):
            yield LeftOut(f"value {key}", _own_parameters(made), part.name)
    lost: list[tuple[str, Iterable[str], str]] = [
        ("manifests", () if made.spec else supplies.manifests, _own_objects(made)),
        ("file", supplies.missing, _NOT_HERE),
        ("template", supplies.templates, _TEMPLATE),
        ("patch", part.patches, "it is for kustomize"),
        ("object", map(_ref, part.expectedResources), "every object is waited for"),
    ]
    for kind, names, why in lost:
        for name in names:
            yield LeftOut(f"{kind} {name}", why, part.name)
    if part.healthCheckAsserts:
        yield LeftOut("healthCheckAsserts", "`aicr validate` looks at them", part.name)
    if part.cleanup:
        yield LeftOut("cleanup", "nothing is taken out after a validation", part.name)


def _ref(expected: Mapping[str, Any]) -> str:
    return f"{expected.get('kind', '?')}/{expected.get('name', '?')}"


def _own_objects(made: Made) -> str:
    return f"{made.component} here has objects of its own"


def _own_parameters(made: Made) -> str:
    if made.source is None:
        return f"{made.component} here has parameters of its own"
    return "plain manifests have no values"


def leaves(values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield the path of every value that is no map."""
    for key, value in values.items():
        path = f"{at}.{key}" if at else key
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        else:
            yield path


def _kubernetes(constraints: Sequence[Constraint]) -> tuple[str, list[Constraint]]:
    """Take the version of Kubernetes that is required out of the constraints."""
    others, wanted = [], ""
    for each in constraints:
        bound = _BOUND.fullmatch(each.value.strip()) if each.name == _KUBERNETES else None
        if bound is None:
            others.append(each)
        else:
            wanted = f"{bound[1]}{bound[2]}"
    return wanted, others


def _lost_of_recipe(recipe: ResolvedRecipe, constraints: Iterable[Constraint]) -> Iterator[LeftOut]:
    for each in constraints:
        yield LeftOut(f"constraint {_text(each)}", "systems of nodes are not looked at")
    for name, phase in recipe.validation.items():
        for check in phase.checks:
            yield LeftOut(f"check {check} ({name})", "`aicr validate` runs it")
        for each in phase.constraints:
            yield LeftOut(f"constraint {_text(each)} ({name})", "`aicr validate` looks at it")
        if phase.infrastructure:
            yield LeftOut(f"infrastructure {phase.infrastructure} ({name})", "it is for checks")
    names = {each.name for each in recipe.ingredients}
    for name in recipe.order:
        if name not in names:
            yield LeftOut(f"{name} of deploymentOrder", "it is in no componentRefs")
    for origin, path in recipe.unknown:
        yield LeftOut(f"{path} ({origin})", "the format is not known to have it")


def _text(constraint: Constraint) -> str:
    return f"{constraint.name} {constraint.value}"
