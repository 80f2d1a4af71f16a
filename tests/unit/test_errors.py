"""What is said of an error where there is room for one line."""

import pytest

from stackctl.errors import StackError, headline


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("it broke", "it broke"),
        ("a: it broke\nb: it broke as well", "a: it broke"),
        (
            "two are not gone:\n  ConfigMap/x: held\n  ConfigMap/y",
            "two are not gone: ConfigMap/x: held",
        ),
        ("nothing follows:", "nothing follows:"),
        ("", "StackError"),
    ],
)
def test_one_line_names_an_object(message: str, said: str) -> None:
    """A line that only announces others takes the first of them along."""
    assert headline(StackError(message)) == said
