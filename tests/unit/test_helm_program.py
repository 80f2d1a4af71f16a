"""How helm is run: how often, with what, and what is known of it afterwards. A script stands in."""

import json
import logging
from pathlib import Path

import pytest

from stackctl.errors import RenderError
from stackctl.model.catalogue.source import ChartSource
from stackctl.model.charts.capabilities import Capabilities
from stackctl.sources.upstream import helm
from stackctl.sources.upstream.charts import ChartRequest, render
from stackctl.sources.upstream.fetch import located
from tests import charts

PASSWORD = "known-to-nobody-else"
SCRIPT = """\
#!/bin/sh
if [ "$1" = version ]; then echo v4.0.0; exit; fi
echo "$@" >> {log}
{action}
"""
CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {key: value}}"


class Rehearsal:
    """A script that takes note of how it is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.chart = charts.write_chart(folder / "chart", {"config": charts.CONFIG})

    def plays(self, action: str) -> None:
        """Say what it does."""
        program = self.folder / "helm"
        program.write_text(SCRIPT.format(log=self.log, action=action))
        program.chmod(0o755)

    @property
    def runs(self) -> list[str]:
        """The arguments it was given."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def render(self, keep: bool = True, **values: str) -> None:
        """Render the chart with values."""
        able = Capabilities("1.36.0", frozenset({"e.dev/v1"}))
        render(
            ChartSource(path="chart"), self.chart, ChartRequest("shop", "ml", values, able, keep)
        )

    @property
    def kept(self) -> str:
        """Everything that was kept."""
        return "".join(each.read_text() for each in (self.folder / "cache").rglob("*.json"))


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    monkeypatch.setenv("STACKCTL_HELM", str(tmp_path / "helm"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = Rehearsal(tmp_path)
    found.plays(f"cat > {tmp_path}/values; echo '{CONFIG}'")
    return found


def test_a_chart_is_rendered_twice_when_it_is_new_and_then_no_more(script: Rehearsal):
    """Until chart or values are others."""
    script.render(color="red")
    assert len(script.runs) == 2
    script.render(color="red")
    assert len(script.runs) == 2
    script.render(color="blue")
    assert len(script.runs) == 4
    charts.write_chart(script.chart, {"config": charts.CONFIG}, version="1.1.0")
    script.render(color="blue")
    assert len(script.runs) == 6


def test_it_is_told_of_the_cluster(script: Rehearsal):
    """Its version and its APIs."""
    script.render()
    assert "--namespace ml --include-crds" in script.runs[0]
    assert "--kube-version 1.36.0 --api-versions e.dev/v1" in script.runs[0]


def test_values_are_in_no_argument_and_in_no_log(
    script: Rehearsal, caplog: pytest.LogCaptureFixture
):
    """They come in on standard input."""
    with caplog.at_level(logging.DEBUG):
        script.render(password=PASSWORD)
    assert json.loads((script.folder / "values").read_text()) == {"password": PASSWORD}
    assert PASSWORD not in "".join(script.runs)
    assert PASSWORD not in caplog.text


def test_a_rendering_with_what_is_secret_is_not_kept(script: Rehearsal):
    """A setting that is secret went in, and may be anywhere in it."""
    script.render(keep=False, password=PASSWORD)
    script.render(keep=False, password=PASSWORD)
    assert len(script.runs) == 4
    assert script.kept == ""


def test_what_is_drawn_is_not_kept(script: Rehearsal):
    """Only that it is; so it is rendered once each time from then on."""
    drawn = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {key: drawn-$$}}"
    script.plays(f'echo "{drawn}"')
    script.render()
    assert len(script.runs) == 2
    script.render()
    assert len(script.runs) == 3
    assert "drawn-" not in script.kept
    assert "data" in script.kept


def test_what_it_says_of_a_failure_is_told_without_secrets(script: Rehearsal):
    """Without its warnings, and without what it repeats of values."""
    script.plays(f'echo "WARNING: x" >&2; echo "Error: no {PASSWORD}" >&2; exit 1')
    with pytest.raises(RenderError) as caught:
        script.render(password=PASSWORD)
    assert str(caught.value) == "chart chart does not render: no <masked>"


def test_a_chart_without_its_dependencies_says_how_to_get_them(script: Rehearsal):
    """With the command that works."""
    said = "found in Chart.yaml, but missing in charts/ directory: common"
    script.plays(f'echo "Error: {said}" >&2; exit 1')
    with pytest.raises(RenderError) as caught:
        script.render()
    assert caught.value.hint == f"helm dependency build {script.chart}"


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ("dial tcp 127.0.0.1:1: connect: connection refused", 5, "reachable from here"),
        ("failed to fetch: 401 Unauthorized", 5, "helm registry login"),
        ('chart "shop" version "2.0.0" not found in https://e', 4, "helm show chart shop --repo"),
    ],
)
def test_who_does_not_answer_is_told_from_a_chart_that_is_not_there(
    script: Rehearsal, said: str, code: int, hint: str
):
    """Trying again later helps with one of them."""
    script.plays(f"echo 'Error: {said}' >&2; exit 1")
    with pytest.raises(RenderError) as caught:
        located(ChartSource(repository="https://e", name="shop", version="2.0.0"), "")
    assert caught.value.exit_code == code
    assert hint in caught.value.hint


def test_one_that_takes_too_long_is_ended(script: Rehearsal, monkeypatch: pytest.MonkeyPatch):
    """No rendering holds up a run without end."""
    monkeypatch.setattr(helm, "SECONDS", 1.0)
    script.plays("exec sleep 60")
    with pytest.raises(RenderError, match=r"took longer than 1s"):
        script.render()


def test_a_template_that_makes_no_object_is_named(script: Rehearsal):
    """By its file in the chart."""
    script.plays("printf -- '---\\n# Source: shop/templates/odd.yaml\\nkind: ConfigMap\\n'")
    with pytest.raises(RenderError, match=r"templates/odd.yaml: an object needs apiVersion"):
        script.render()


def test_a_key_that_is_there_twice_counts_once(script: Rehearsal):
    """As for Helm, the last one."""
    text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b, a: c}}"
    script.plays(f"echo '{text}'")
    able = Capabilities()
    found = render(ChartSource(path="chart"), script.chart, ChartRequest("s", "ml", {}, able))
    assert found.objects[0]["data"] == {"a": "c"}
