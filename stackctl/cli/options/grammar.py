"""How the command line is read and how its help looks, beyond what typer does by itself.

Which commands and options there are is not said here.
"""

import re
import sys
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from stackctl.errors import UsageError
from stackctl.model.shapes.suggest import nearest

_EXAMPLES = "\nExamples:\n"
_HEADING = re.compile(r"^(Usage|[A-Z][A-Za-z ]*):(?=$| )", re.MULTILINE)
_FIRST_PANEL = "Options"
# What other programs call what we do.
_ELSEWHERE = {
    **dict.fromkeys(("install", "apply", "create", "start", "sync", "run"), ("deploy", "up")),
    **dict.fromkeys(("uninstall", "delete", "remove", "rm", "destroy"), ("teardown", "down")),
    **dict.fromkeys(("list", "ls", "get", "ps"), ("stacks", "status", "profiles", "components")),
    **dict.fromkeys(("describe", "show", "search"), ("status", "profiles", "components")),
    **dict.fromkeys(("plan", "preview"), ("diff",)),
    **dict.fromkeys(("template", "build", "manifests"), ("render",)),
    **dict.fromkeys(("undo", "revert"), ("rollback",)),
    "stop": ("down",),
    "import": ("adopt",),
}


class Command(TyperCommand):
    """A command whose help shows its examples as they were written, and its options by panel."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the description, then the examples untouched."""
        whole = self.help or ""
        self.help, _, examples = whole.partition(_EXAMPLES)
        super().format_help_text(ctx, formatter)
        self.help = whole
        if examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line.strip()}\n" for line in examples.splitlines()))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options under the headings they were declared with."""
        panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], _FIRST_PANEL: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panels.setdefault(_panel(param), []).append(record)
        for title, records in panels.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def get_help(self, ctx: Any) -> str:
        """Return the help, headings in bold where a person reads it."""
        return embolden(super().get_help(ctx))


class Group(TyperGroup):
    """Commands under one name; the options of a command may stand before its name as well."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; none at all asks for help."""
        return super().parse_args(ctx, self._behind_the_command(args) or ["--help"])

    def _behind_the_command(self, args: list[str]) -> list[str]:
        takes_value, rest, moved = _options_below(self), list(args), list[str]()
        while rest and (name := rest[0].partition("=")[0]) in takes_value:
            moved.append(rest.pop(0))
            if rest and takes_value[name] and moved[-1] == name:
                moved.append(rest.pop(0))
        return [*rest[:1], *moved, *rest[1:]]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant.

        Raises:
            UsageError: there is none; the hint says which there is for the purpose.
        """
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing and name[:1] != "-":
            meant = [each for each in _ELSEWHERE.get(name, ()) if each in self.commands]
            near = nearest(name, self.commands)
            found = meant or ([near] if near else [])
            path = ctx.command_path
            hint = " or ".join(f"{path} {each}" for each in found) or f"{path} --help"
            raise UsageError(f"{path} has no command {name!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write the commands under the headings they were registered with."""
        panels: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self.commands))
        for name, command in self.commands.items():
            title = str(getattr(command, "rich_help_panel", None) or "Commands")
            brief = command.get_short_help_str(formatter.width - 6 - longest)
            panels.setdefault(title, []).append((name.ljust(longest), brief))
        for title, records in panels.items():
            with formatter.section(title):
                formatter.write_dl(records)

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """Write the closing text as it is."""
        if self.epilog:
            formatter.write_paragraph()
            formatter.write(self.epilog)

    def get_help(self, ctx: Any) -> str:
        """Return the help, headings in bold where a person reads it."""
        return embolden(super().get_help(ctx))


def _panel(param: Any) -> str:
    if param.param_type_name == "argument":
        return "Arguments"
    return str(getattr(param, "rich_help_panel", None) or _FIRST_PANEL)


def _options_below(group: TyperGroup) -> dict[str, bool]:
    """List every option of the commands below, and whether a value follows it."""
    found: dict[str, bool] = {}
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            found |= _options_below(command)
        for param in command.params:
            if isinstance(param, TyperOption):
                names = (*param.opts, *param.secondary_opts)
                found |= dict.fromkeys(names, not param.is_flag and not param.count)
    return found


def embolden(text: str) -> str:
    """Mark headings for the eye when the help goes to a terminal."""
    from stackctl.cli.terminal.terminal import Paint, wants_colour

    if not wants_colour(sys.stdout, "auto"):
        return text
    return _HEADING.sub(lambda match: Paint(on=True)(match.group(), "bold"), text)
