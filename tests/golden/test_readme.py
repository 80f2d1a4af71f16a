"""What the README shows is what the program prints."""

import re
from pathlib import Path

import pytest

from stackctl.cli import EXIT_CODES, run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "examples/path/README.md", "examples/canary/README.md")
# Commands whose output is the same everywhere.
SHOWN = ("stackctl --help", "stackctl profiles")


@pytest.mark.parametrize("line", SHOWN)
def test_output_in_the_readme_is_true(line, capsys, request):
    """The block after the command holds what the command prints."""
    assert run(line.split()[1:]) == 0
    printed = f"$ {line}\n{capsys.readouterr().out.rstrip()}\n"
    block = re.compile(rf"(?<=```console\n)\$ {re.escape(line)}\n.*?(?=```)", re.DOTALL)
    text = README.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        text = block.sub(lambda _: printed, text)
        README.write_text(text, encoding="utf-8")
    assert block.findall(text) == [printed]


def test_exit_codes_in_the_readme_are_true():
    """The table has every code with the words of the help."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(code, meaning.replace("`", "")) for code, meaning in rows] == [
        (str(code), meaning) for code, meaning in EXIT_CODES
    ]


def test_the_component_in_the_readme_works_as_shown(tmp_path, capsys):
    """Each file stands below its name; together they render, and settings reach their places."""
    text = README.read_text(encoding="utf-8")
    shown = r"^`(catalog/\S+)`(?:(?!^`catalog).)*?^```yaml\n(.*?)^```"
    files = re.findall(shown, text, re.MULTILINE | re.DOTALL)
    assert len(files) == 3
    for name, content in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    setting = "landing.title=Team vision, Berlin"
    catalog = str(tmp_path / "catalog")
    assert run(["render", "mine", "--catalog", catalog, "--set", setting]) == 0
    assert "index.html: Team vision, Berlin" in capsys.readouterr().out


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_of_a_document_ends_where_it_should(name):
    """A fence with a language opens, one without closes, in turn: nothing is left of a merge."""
    fences = re.findall(r"^ *```(\w*)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert all(fences[0::2])
    assert len(fences) % 2 == 0
    assert not any(fences[1::2])
