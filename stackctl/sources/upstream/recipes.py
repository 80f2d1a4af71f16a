"""Recipes of NVIDIA AICR, from their files: a resolved one, or layers as its repository has them.

What names no field of the format is kept apart and told, for the format grows. What becomes of a
recipe is the model's part.
"""

import codecs
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

from stackctl.errors import ConfigError
from stackctl.files import is_file, is_folder
from stackctl.model.catalogue.profile import Lines, Origin, origin_of
from stackctl.model.objects.paths import show
from stackctl.model.recipes.conversion import Supplies
from stackctl.model.recipes.layers import (
    RecipeLayer,
    Unlayered,
    completed,
    recipe_problems,
    resolved,
)
from stackctl.model.recipes.recipe import (
    LAYER,
    MIXIN,
    RESULT,
    ChartDefaults,
    Ingredient,
    LayerFile,
    RegistryFile,
    ResolvedRecipe,
    ResultFile,
)
from stackctl.model.resolve.chosen_source import laid_over
from stackctl.model.shapes.decode import At, Problem, Undecodable, decode, fields_of, shown
from stackctl.model.shapes.suggest import did_you_mean
from stackctl.sources import folders, yaml
from stackctl.sources.components import read_objects
from stackctl.sources.reading import bytes_of, located

T = TypeVar("T")
_TEMPLATE = b"{{"
_KINDS = (RESULT, LAYER)
Unknown = tuple[tuple[Origin, str], ...]


def read_recipe(path: Path, data: Path | None = None) -> ResolvedRecipe:
    """Read a recipe; an overlay becomes the one that `aicr recipe` makes of its criteria.

    Raises:
        ConfigError: with everything that is wrong with its file, or with a layer.
    """
    raw, lines = _document(path)
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if kind not in _KINDS:
        said = f"expected {' or '.join(_KINDS)}, found {shown(kind)}"
        where: At = ("kind",) if kind else ()
        raise ConfigError(located(path, lines, [Problem(where, said if kind else _NO_KIND)])[0])
    defaults = _defaults(_roots(path, data))
    become = _result if kind == RESULT else _layered
    recipe = become(path, raw, lines, defaults)
    problems = list(recipe_problems(recipe))
    if problems:
        raise ConfigError.listing(f"{folders.shown(path)} is not right:", problems)
    return recipe


_NO_KIND = f"kind is missing: a recipe says {RESULT}, and an overlay {LAYER}"


def _result(
    path: Path, raw: Any, lines: Lines, defaults: Mapping[str, ChartDefaults]
) -> ResolvedRecipe:
    file, unknown = _decoded(path, ResultFile, raw, lines)
    name = folders.shown(path)
    origins: dict[str, Origin] = {}
    for index, each in enumerate(file.componentRefs):
        origin = origin_of(name, lines, ("componentRefs", index))
        if each.name in origins:
            what = f"componentRefs[{index}].name: {each.name} is there twice"
            raise ConfigError(f"{origin}: {what}: {origins[each.name]}")
        origins[each.name] = origin
    return ResolvedRecipe(
        file.criteria,
        file.constraints,
        tuple(completed(each, defaults) for each in file.componentRefs),
        file.validation,
        order=file.deploymentOrder,
        origins=origins,
        unknown=unknown,
    )


def _layered(
    path: Path, raw: Any, lines: Lines, defaults: Mapping[str, ChartDefaults]
) -> ResolvedRecipe:
    """Resolve an overlay with those beside it, and with the mixins in the folder beside theirs."""
    layers = _layers(path.parent, LAYER)
    mixins = _layers(path.parent.parent / "mixins", MIXIN)
    wanted = _layer(path, raw, lines)
    try:
        return resolved(wanted, layers, mixins, defaults)
    except Unlayered as error:
        raise ConfigError(str(error)) from error


def _layers(folder: Path, kind: str) -> dict[str, RecipeLayer]:
    """Read the layers of a folder; other files in it are none of ours."""
    found: dict[str, RecipeLayer] = {}
    problems: list[str] = []
    for path in sorted(folder.iterdir()) if is_folder(folder) else ():
        if not folders.is_yaml(path) or is_folder(path):
            continue
        try:
            raw, lines = _document(path)
            if isinstance(raw, dict) and raw.get("kind") == kind:
                layer = _layer(path, raw, lines)
                if layer.name in found:
                    twice = f"{layer.file}: {layer.name} is in {found[layer.name].file} as well"
                    problems.append(twice)
                found[layer.name] = layer
        except ConfigError as error:
            problems += error.each
    if problems:
        raise ConfigError.listing(f"the layers in {folders.shown(folder)}:", problems)
    return found


def _layer(path: Path, raw: Any, lines: Lines) -> RecipeLayer:
    file, unknown = _decoded(path, LayerFile, raw, lines)
    return RecipeLayer(file.metadata.name, file.spec, folders.shown(path), lines, unknown)


def _defaults(roots: Sequence[Path]) -> dict[str, ChartDefaults]:
    """Read the registry that is beside a recipe; what is in it and not asked for is not told."""
    path = next((each for root in roots if is_file(each := root / "registry.yaml")), None)
    if path is None:
        return {}
    raw, lines = _document(path)
    file, _ = _decoded(path, RegistryFile, raw, lines)
    return {
        each.name: each.helm if each.helm != ChartDefaults() else each.manifest
        for each in file.components
    }


def _roots(path: Path, data: Path | None) -> Sequence[Path]:
    """Return the folders that paths in a recipe may start from.

    Raises:
        ConfigError: the one that was named is none.
    """
    if data is None:
        return (path.parent, path.parent.parent)
    if not is_folder(data):
        raise ConfigError(f"{folders.shown(data)}: there is no such folder")
    return (data,)


def _document(path: Path) -> tuple[Any, Lines]:
    name = folders.shown(path)
    documents = yaml.load_all(bytes_of(path), name, positions=True)
    if len(documents) != 1:
        raise ConfigError(f"{name}: expected one document, found {len(documents)}")
    return documents[0].value, documents[0].lines


def _decoded(path: Path, kind: type[T], raw: Any, lines: Lines) -> tuple[T, Unknown]:
    strange: list[Problem] = []
    cleaned = _known(kind, raw, (), strange)
    name = folders.shown(path)
    unknown = tuple((origin_of(name, lines, e.at), f"{show(e.at)}{e.what}") for e in strange)
    try:
        return decode(kind, cleaned), unknown
    except Undecodable as error:
        meant = [Problem(e.at, f"unknown key{e.what}") for e in strange if e.what]
        problems = [*error.problems, *meant]
        raise ConfigError.listing(
            f"{name} is not right:", located(path, lines, problems)
        ) from error


def _known(hint: Any, value: Any, at: At, strange: list[Problem]) -> Any:
    """Leave out what no type has a field for, and nulls, which say nothing in that format.

    What is left out is added with what may have been meant.
    """
    origin = get_origin(hint) or hint
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in get_args(hint) if arg is not type(None))
        return _known(inner, value, at, strange)
    if is_dataclass(origin) and isinstance(value, dict):
        known = {each.key: each.hint for each in fields_of(hint)}
        unknown = [key for key in value if key not in known]
        strange += [Problem((*at, key), did_you_mean(key, known)) for key in unknown]
        return {
            key: _known(known[key], inner, (*at, key), strange)
            for key, inner in value.items()
            if key in known and inner is not None
        }
    if origin is tuple and isinstance(value, list):
        inner = get_args(hint)[0]
        return [_known(inner, each, (*at, i), strange) for i, each in enumerate(value)]
    if origin is Mapping and isinstance(value, dict) and get_args(hint)[1] is not Any:
        inner = get_args(hint)[1]
        return {
            key: _known(inner, each, (*at, key), strange)
            for key, each in value.items()
            if each is not None
        }
    return value


def read_supplies(part: Ingredient, recipe: Path, data: Path | None) -> Supplies:
    """Read the files that an ingredient names: values and manifests.

    They are looked for where --data says, or else around the recipe; a bundle that `aicr bundle`
    made has the values, everything laid over each other, in a folder of the component.

    Raises:
        ConfigError: one is not right.
    """
    roots = _roots(recipe, data)
    overrides = {key: value for key, value in part.overrides.items() if key != "enabled"}
    missing: list[str] = []
    values: dict[str, Any] = {}
    for name in _value_files(part, roots):
        found = _find(roots, name)
        if found is None:
            missing.append(name)
        else:
            values = laid_over(values, _values(found))
    manifests, templates = {}, []
    for name in part.manifestFiles:
        found = _find(roots, name)
        if found is None:
            missing.append(name)
        elif _TEMPLATE in (content := bytes_of(found)):
            templates.append(name)
        else:
            read_objects(found)
            manifests[found.name] = _text(content)
    return Supplies(laid_over(values, overrides), manifests, tuple(missing), tuple(templates))


def _text(content: bytes) -> str:
    """Read a text as YAML is read: in UTF-16 where its mark says so."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8")


def _value_files(part: Ingredient, roots: Sequence[Path]) -> Iterator[str]:
    """Yield the files of values, the first one to be laid over.

    A bundle has everything in one; else those for all recipes come first.
    """
    bundled, everywhere = f"{part.name}/values.yaml", f"components/{part.name}/values.yaml"
    if _find(roots[:1], bundled):
        yield bundled
    elif part.valuesFile:
        if part.valuesFile != everywhere and _find(roots, everywhere):
            yield everywhere
        yield part.valuesFile


def _find(roots: Sequence[Path], name: str) -> Path | None:
    """Find a file of a folder, and none outside it."""
    for root in roots:
        path = root / name
        if is_file(path) and path.resolve().is_relative_to(root.resolve()):
            return path
    return None


def _values(path: Path) -> dict[str, Any]:
    value = yaml.load(bytes_of(path), folders.shown(path))
    if not isinstance(value, dict | None):
        raise ConfigError(f"{folders.shown(path)}: expected a map of values, found {shown(value)}")
    return value or {}
