"""How shells ask for completions, and the answer each of them understands.

The script of a shell gives us the line up to the cursor. What can stand there is known by the
options and arguments themselves; see `completion`.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

ASKED = "_STACKCTL_COMPLETE"  # the shell that asks
LINE = "_STACKCTL_LINE"
BREAKS = "_STACKCTL_BREAKS"  # where bash begins a new word inside one
FILES = "files"  # the answer where paths can stand
_CURSOR = "\0"
_PATHS = ("FILE", "DIR", "FILE|CHART|DIR")

_BASH = """\
_stackctl() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(_STACKCTL_COMPLETE=bash _STACKCTL_LINE="${COMP_LINE:0:COMP_POINT}" \\
        _STACKCTL_BREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
    if [[ ${COMPREPLY[0]-} == files ]]; then
        COMPREPLY=()
        compopt -o default
    elif [[ ${COMPREPLY[0]-} == *[=.] ]]; then
        compopt -o nospace
    fi
}
complete -F _stackctl stackctl
"""
_ZSH = """\
#compdef stackctl
_stackctl() {
    local line
    local -a whole open
    for line in "${(@f)$(_STACKCTL_COMPLETE=zsh \\
            _STACKCTL_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" ${words[1]} 2>/dev/null)}"; do
        case $line in
            files) _files; return ;;
            +*) open+=("${line[2,-1]}") ;;
            -*) whole+=("${line[2,-1]}") ;;
        esac
    done
    (( ${#whole} )) && _describe stackctl whole
    (( ${#open} )) && _describe stackctl open -S ''
}
if [[ ${funcstack[1]} == _stackctl ]]; then
    _stackctl "$@"  # loaded by the first TAB, which wants an answer
else
    compdef _stackctl stackctl
fi
"""
_FISH = """\
function __stackctl_complete
    set -l found (_STACKCTL_COMPLETE=fish _STACKCTL_LINE=(commandline -cp | string collect) \\
        command stackctl 2>/dev/null)
    if test "$found[1]" = files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete --command stackctl --no-files --arguments '(__stackctl_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def answer(application: typer.Typer, environment: Mapping[str, str]) -> str:
    """Say what can stand at the end of a line, as the shell that asks wants to hear it."""
    words, word = split(environment.get(LINE, ""))
    command: Any = typer.main.get_command(application)
    offers = candidates(command, words, word)
    shell = environment[ASKED]
    if offers is None:
        return f"{FILES}\n"
    if shell == "bash":
        cut = _cut(word, environment.get(BREAKS, ""))
        lines = [shlex_escaped(value[cut:]) for value, _ in offers]
    elif shell == "zsh":
        lines = [_described(value, text) for value, text in offers]
    else:
        lines = [f"{value}\t{text}" if text else value for value, text in offers]
    return "".join(f"{' '.join(line.splitlines())}\n" for line in lines)


def split(line: str) -> tuple[list[str], str]:
    """Take a line apart: the arguments that are complete, and the beginning of the next one."""
    reader = shlex.shlex(line + _CURSOR, posix=True)
    reader.whitespace_split, reader.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(reader)
    except ValueError:  # a quote is open
        words.append(reader.token)
    *before, word = words
    return before[1:], word.replace(_CURSOR, "")


def candidates(command: Any, words: list[str], word: str) -> list[tuple[str, str]] | None:
    """Find what can be meant by a word; None where paths can stand."""
    from typer._click.shell_completion import _resolve_context, _resolve_incomplete

    name, equals, _ = word.partition("=")
    head = f"{name}=" if equals and name.startswith("-") else ""
    context = _resolve_context(command, {}, "stackctl", list(words))
    asked, typed = _resolve_incomplete(context, list(words), word)
    if isinstance(asked, TyperGroup):  # options of its commands may stand before them
        asked = _option_below(asked, head[:-1] or (words[-1] if words else "")) or asked
    if getattr(asked, "metavar", None) in _PATHS:
        return None
    found = asked.shell_complete(context, typed)
    return [(head + str(each.value), each.help or "") for each in found]


def _option_below(group: Any, name: str) -> Any:
    """Find the option of that name, which takes a value, in some command of a group."""
    for command in group.commands.values():
        if isinstance(command, TyperGroup) and (found := _option_below(command, name)):
            return found
        for param in command.params:
            if name in param.opts and not getattr(param, "is_flag", True):
                return param
    return None


def _cut(word: str, breaks: str) -> int:
    """Return how much of a word bash leaves alone, for it takes what follows for the word."""
    return max((word.rfind(each) for each in breaks if not each.isspace()), default=-1) + 1


def shlex_escaped(value: str) -> str:
    """Write a value so that a shell reads it as it is."""
    return re.sub(r"([^\w@%+=:,./<>-])", r"\\\1", value)


def _described(value: str, text: str) -> str:
    """Write an offer for zsh: whether a blank follows it, and what it is."""
    sign = "+" if value.endswith(("=", ".")) else "-"
    escaped = value.replace("\\", "\\\\").replace(":", "\\:")
    return f"{sign}{escaped}:{text}" if text else f"{sign}{escaped}"
