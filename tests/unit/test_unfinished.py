"""Values that were never meant to be deployed: found wherever they are, and nothing else is."""

import base64

import pytest

from stackctl.model.plan.unfinished import unfinished, unfinished_credentials
from tests.unit import fake


def found(text: str) -> list[str]:
    """Look through objects."""
    return list(unfinished(fake.values(text)))


def secret(**texts: str) -> dict[str, object]:
    """Make a Secret."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}


POD = """
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  containers:
  - name: c
    args: [{}]
    env: [{{name: {}, value: {}}}]
"""


@pytest.mark.parametrize(
    "word",
    ["CHANGEME", "change-me", "ChangeMe!", "<change_me>", "REPLACE_ME", "fixme", "fill-in",
     "your-password", "<your-api-key>", "insert-your-token-here"],
)  # fmt: skip
def test_what_stands_for_a_value_is_found_with_its_path(word):
    """In a variable, in a Secret, and as what a document gives to a name that secrets have."""
    assert found(POD.format("-v", "HOST", repr(word))) == [
        "Pod/p: spec.containers[0].env[0].value: stands for a value that nobody has set"
    ]
    assert list(unfinished([secret(any=word)])) == [
        "Secret/s: data.any: stands for a value that nobody has set"
    ]
    if " " not in word and "<" not in word and word[-1] != "!":
        assert list(unfinished([secret(config=f"user: x\npassword: {word}\n")])) == [
            "Secret/s: data.config: password stands for a value that nobody has set"
        ]


@pytest.mark.parametrize("word", ["admin", "minioadmin", "changeit", "Password", "123456"])
def test_passwords_that_everybody_knows_are_found_where_passwords_are(word):
    """As the value of a password, of whoever; not as a user's name."""
    said = "a password that everybody knows"
    assert found(POD.format("-v", "DB_PASSWORD", repr(word)))[0].endswith(said)
    assert list(unfinished([secret(password=word)])) == [f"Secret/s: data.password: {said}"]
    assert list(unfinished([secret(user=word)])) == []
    assert found(POD.format("-v", "DB_USER", repr(word))) == []


@pytest.mark.parametrize(
    "text",
    [
        POD.format("--secret-name=admin", "SECRET_NAME", "admin"),
        POD.format("--password-file=/run/password", "TOKEN_FILE", "/run/token"),
        POD.format("-v", "PASSWORD", "a-real-one-4711"),
        POD.format("-v", "NOTE", "change me when you like"),
    ],
)
def test_names_and_prose_are_left_alone(text):
    """Where something secret is, is not what it is."""
    assert found(text) == []


def test_none_of_the_values_is_repeated():
    """What was found may be in use somewhere."""
    assert "minioadmin" not in "".join(unfinished([secret(password="minioadmin")]))


def test_credentials_that_somebody_has_given_are_looked_at_too():
    """Whatever they are called: what is given for a secret is one."""
    given = {"a.key": "Password", "a.other": "CHANGEME", "a.good": "b7f2-3c41", "a.pass": "words"}
    assert list(unfinished_credentials(given)) == [
        "a.key: a password that everybody knows",
        "a.other: stands for a value that nobody has set",
    ]
