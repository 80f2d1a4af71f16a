"""Make a profile of a recipe of NVIDIA AICR: charts become components beside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from stackctl.errors import ConfigError
from stackctl.model.catalogue.component_file import ComponentFile
from stackctl.model.catalogue.envelope import API_VERSION, LABEL, LABEL_HELP
from stackctl.model.catalogue.profile_file import ProfileFile
from stackctl.model.catalogue.source import source_problems
from stackctl.model.recipes.conversion import OBJECTS, Conversion, Made, converted, grouped
from stackctl.model.recipes.recipe import ResolvedRecipe
from stackctl.model.shapes.decode import Undecodable, decode, encoded
from stackctl.sources import folders, yaml
from stackctl.sources.files import read_catalogue
from stackctl.sources.new_folder import require_absent, write_folder, write_new_file
from stackctl.sources.upstream.recipes import read_recipe, read_supplies

_MODE = 0o666  # less what the umask takes


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Which recipe becomes which profile, and where."""

    recipe: Path
    catalog: Path
    name: str = ""  # empty: as the recipe's file is called
    data: Path | None = None
    charts: bool = False
    others: Sequence[Path] = ()  # catalogues beside it


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """What was written, and what a recipe has become."""

    name: str
    recipe: ResolvedRecipe
    conversion: Conversion
    files: tuple[str, ...]


def import_profile(request: ImportRequest) -> ImportedProfile:
    """Write a profile that says what a recipe says, with the components that the catalogue lacks.

    Raises:
        ConfigError: the recipe or one of its files is not right, or nothing can be made of it.
        ConflictError: there is something where a file would be written.
    """
    name = request.name or request.recipe.stem
    if not re.fullmatch(LABEL, name):
        what = f'a profile cannot be called "{name}": expected {LABEL_HELP}'
        raise ConfigError(what, hint="--name NAME says how it is called")
    profile = request.catalog / folders.PROFILES / f"{name}.yaml"
    require_absent(profile)
    recipe = read_recipe(request.recipe, request.data)
    supplies = {
        part.name: read_supplies(part, request.recipe, request.data)
        for part in recipe.ingredients
        if part.enabled
    }
    there = [request.catalog] if folders.is_catalogue(request.catalog) else []
    components = read_catalogue([*there, *request.others]).components
    found = converted(recipe, supplies, components, charts=request.charts)
    shown = folders.shown(request.recipe)
    if not found.made:
        raise ConfigError.listing(f"{shown}: nothing can be made of it:", grouped(found.left))
    home = request.catalog / folders.MANIFESTS
    texts = {each.component: _component_text(each, shown) for each in found.made if each.spec}
    text = _profile_text(name, recipe, found, shown)
    for each in texts:
        require_absent(home / each)
    files = [path for each in found.made if each.spec for path in _write(home, each, texts)]
    write_new_file(profile, text.encode())
    return ImportedProfile(name, recipe, found, (*files, folders.shown(profile)))


def _write(home: Path, made: Made, texts: Mapping[str, str]) -> list[str]:
    folder = "base" if made.source and made.source.chart else OBJECTS
    content = {"component.yaml": (texts[made.component].encode(), _MODE)}
    for name, text in made.manifests.items():
        content[f"{folder}/{name}"] = (text.encode(), _MODE)
    write_folder(home / made.component, content)
    return [folders.shown(home / made.component / each) for each in content]


def _component_text(made: Made, recipe: str) -> str:
    """Write a component.yaml, as every other command will read it.

    Raises:
        ConfigError: it would be refused.
    """
    spec = made.spec
    assert spec is not None  # noqa: S101 - of those that are written
    what = f"{made.ingredient.name} of an AICR recipe"
    document = {
        "apiVersion": API_VERSION,
        "kind": "Component",
        "metadata": {"name": made.component, "description": what},
        "spec": encoded(spec),
    }
    _require(ComponentFile, document, recipe)
    wrong = list(source_problems(spec.source)) if spec.source else []
    if wrong:
        named = [f"{recipe}: {made.ingredient.name}: {each}" for each in wrong]
        raise ConfigError.listing(f"{recipe} is not right:", named)
    return f"# Of the AICR recipe {_in_one_line(recipe)}. Yours to edit.\n{yaml.dump(document)}"


def _profile_text(name: str, recipe: ResolvedRecipe, found: Conversion, path: str) -> str:
    """Write a profile, with what it leaves out said in it."""
    criteria = ", ".join(recipe.criteria.said)
    about = f"AICR recipe{f' for {criteria}' if criteria else ''}"
    spec: dict[str, Any] = {"components": {e.component: dict(e.choice) for e in found.made}}
    if found.kubernetes:
        spec["requires"] = {"kubernetes": found.kubernetes}
    document = {
        "apiVersion": API_VERSION,
        "kind": "Profile",
        "metadata": {"name": name, "description": about},
        "spec": spec,
    }
    _require(ProfileFile, document, path)
    lost = [line for text in grouped(found.left) for line in _comment(text)]
    head = [f"# Of the AICR recipe {_in_one_line(path)}. Yours to edit."]
    head += ["# What of it is not here:", *lost] if lost else []
    return "\n".join([*head, yaml.dump(document)])


def _comment(text: str) -> list[str]:
    return wrap(
        _in_one_line(text),
        100,
        initial_indent="#   ",
        subsequent_indent="#     ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _in_one_line(text: str) -> str:
    """Leave out of a comment what would end it, and what no file of YAML may hold."""
    return "".join(each if each.isprintable() else " " for each in text)


def _require(kind: type, document: Mapping[str, Any], recipe: str) -> None:
    try:
        decode(kind, document)
    except Undecodable as error:
        problems = [f"{recipe}: {each}" for each in error.problems]
        raise ConfigError.listing(f"{recipe}: no such file can be written:", problems) from error
