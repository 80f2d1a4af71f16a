"""The command `profile import`: profiles made of what others keep."""

from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.grammar import Command, Group
from stackctl.cli.options.grouping import option, spread
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.options.stack import Catalogs

DEFAULT_CATALOG = Path("catalog")


def import_(
    *,
    catalogs: Catalogs,
    output: Output,
    shown: OutputOptions,
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe of NVIDIA AICR, or an overlay of one")
    ],
    name: Annotated[
        str, option("--name", help="What the profile is called; default: as the file is")
    ] = "",
    data: Annotated[
        Path | None,
        option(
            "--data",
            metavar="DIR",
            help="Where the files are that it names; default: its folder and the one above",
        ),
    ] = None,
    charts: Annotated[
        bool,
        option("--charts", help="Take its charts also for what the catalogue has a component of"),
    ] = False,
) -> int:
    """Make a profile of a recipe of NVIDIA AICR.

    What the catalogue has a component of becomes that component; every other chart becomes one of
    its own, in the catalogue that --catalog names, or in ./catalog, with its version, its values
    and what it waits for. An overlay of the AICR repository becomes what `aicr recipe` makes of its
    criteria. Everything in the recipe that is not in the profile is listed, there as well, with the
    reason. What is there is never touched.

    Examples:
        stackctl profile import recipe.yaml
        stackctl profile import recipe.yaml --name h100 --data aicr/recipes
        stackctl profile import bundles/recipe.yaml --name h100 --charts
        stackctl profile import aicr/recipes/overlays/h100-eks-training.yaml
    """
    from stackctl.actions.import_profile import ImportRequest, import_profile
    from stackctl.cli.report.catalogue.imported import imported_result, next_lines
    from stackctl.cli.report.report import Report

    report = Report(shown, output.format)
    catalog, *others = catalogs.folders or (DEFAULT_CATALOG,)
    found = import_profile(ImportRequest(recipe, catalog, name, data, charts, others))
    report.show(imported_result(found))
    report.remark(next_lines(found, catalog))
    return 0


app = typer.Typer(cls=Group, rich_markup_mode=None, help="Make profiles of what others keep.")
app.command("import", cls=Command)(spread(import_))
