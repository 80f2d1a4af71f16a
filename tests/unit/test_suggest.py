"""The name that was meant is found by what people mistype."""

import pytest

from stackctl.model.shapes.suggest import did_you_mean, nearest

PROFILES = ["base", "cpu", "gpu", "gpu8"]
COMPONENTS = ["cert-manager", "kserve", "nvidia-device-plugin", "spark-operator"]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("gpu9", PROFILES, "gpu8"),
        ("GPU8", PROFILES, "gpu8"),
        ("gup8", PROFILES, "gpu8"),
        ("gpus", PROFILES, "gpu8"),
        ("sparkoperator", COMPONENTS, "spark-operator"),
        ("spark", COMPONENTS, "spark-operator"),
        ("plugin", COMPONENTS, "nvidia-device-plugin"),
        ("kserv", COMPONENTS, "kserve"),
        ("e", COMPONENTS, ""),
        ("er", COMPONENTS, ""),
        ("nothing-like-it", COMPONENTS, ""),
        ("x", [], ""),
        ("", COMPONENTS, ""),
    ],
)
def test_the_nearest_name(word, known, meant):
    """A letter mistaken, left out, swapped; or a part that only one has."""
    assert nearest(word, known) == meant
    assert did_you_mean(word, known) == (f"; did you mean {meant}?" if meant else "")
