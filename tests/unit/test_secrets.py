"""What is secret in this run: learnt, and hidden in whatever form it comes out."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.api.access.exposure import learn_credentials
from stackctl.model.catalogue.component import Parameter, ParameterType, Place
from stackctl.model.resolve.confidential import confidential, secret_keys, split
from stackctl.model.run.events import ComponentProgress, ComponentState, Notice, masked
from stackctl.secrets import HIDDEN, SECRETS, Secrets, secretive, without_assigned
from tests.unit import fake

MARKER = 'Pl4nted/v+lue&"x<'


def known(*values: object, names: tuple[str, ...] = ()) -> Secrets:
    secrets = Secrets()
    secrets.name(names)
    secrets.learn(values)
    return secrets


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        MARKER,
        encoded(MARKER),
        encoded(encoded(MARKER)),
        quote(MARKER),
        quote(MARKER, safe=""),
        quote_plus(MARKER),
        json.dumps(MARKER)[1:-1],
        json.dumps(json.dumps({"a": MARKER}))[1:-1],
        repr(MARKER),
        json.dumps(MARKER)[1:-1].replace("&", r"\u0026").replace("<", r"\u003c"),
    ],
)
def test_every_form_is_hidden(form):
    """As it is, in base64, in addresses, and in documents, also in documents in documents."""
    text = known(MARKER, encoded(MARKER)).mask(f"the server says: {form}, and no more")
    assert "nted" not in text
    assert form not in text
    assert text.startswith("the server says: ")
    assert text.endswith(", and no more")


@pytest.mark.parametrize("before", ["", "u", "us", "use"])
def test_a_part_of_something_encoded_is_hidden(before):
    """Three places in base64 look different; whatever stands around, the value is not there."""
    text = known(MARKER).mask(encoded(f"{before}{MARKER} and after"))
    left = text.replace(HIDDEN, "")
    for shift in range(4):
        part = left[shift:]
        decoded = base64.b64decode(part[: len(part) // 4 * 4] + "")
        assert MARKER.encode() not in decoded


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_value_is_it_does_not_come_out(value, before, after):
    """In no text, and in none that is a JSON value of any kind."""
    secrets = known(value)
    inner = value.strip()
    ordinary = len(inner) < 6 or (inner.isdigit() and len(inner) < 8) or inner in HIDDEN
    if ordinary or inner in (before + after) or inner.lower() in ("disabled", "username"):
        return
    assert inner not in secrets.mask(before + value + after).replace(HIDDEN, "\ue000")
    found = json.dumps(secrets.masked([{before: [value]}]), ensure_ascii=False)
    assert inner not in found.replace(HIDDEN, "\ue000") or inner in json.dumps(before)


@pytest.mark.parametrize("value", ["true", "1", "8080", "default", "admin", "Password", "123456"])
def test_ordinary_words_stay(value):
    """Or every `true` would disappear; they are hidden in their own place, as in a diff."""
    assert known(value, encoded(value)).mask(f"a {value} b") == f"a {value} b"


def test_what_is_called_so_is_no_secret():
    """A value that is part of a name of this run cannot be told from it."""
    text = "Deployment/spark/spark-operator-controller"
    assert known("spark-operator", names=("spark-operator-controller",)).mask(text) == text
    assert HIDDEN in known("spark-operator").mask(text)


def test_values_of_several_lines_are_hidden_line_by_line():
    """A key is told in pieces, by logs and by tables; a configuration has ordinary lines."""
    key = "-----BEGIN EC PRIVATE KEY-----\nMIIByjCCAW+gAw1\nZZx1\n-----END EC PRIVATE KEY-----\n"
    secrets = known(key, "level: info9\npassword: hunter2x\napiVersion: v1beta1\n")
    assert secrets.mask("found MIIByjCCAW+gAw1 there") == f"found {HIDDEN} there"
    assert secrets.mask("level: info9") == "level: info9"
    assert secrets.mask("apiVersion: v1beta1") == "apiVersion: v1beta1"
    assert secrets.mask("it is hunter2x") == f"it is {HIDDEN}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://joe:pw@host:1/x", f"https://{HIDDEN}@host:1/x"),
        ("https://host:1/x@y", "https://host:1/x@y"),
        ("Authorization: Bearer abcdefg1", f"Authorization: Bearer {HIDDEN}"),
        ("Basic authentication is off", "Basic authentication is off"),
        ("id eyJhbGciOiJSUz.eyJzdWIiOiIx.c2lnbmF0dXJl.", f"id {HIDDEN}."),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", HIDDEN),
    ],
)
def test_what_looks_like_a_secret_is_one(text, shown):
    """Whoever says it, and whether or not it was learnt."""
    assert Secrets().mask(text) == shown


def test_what_a_stranger_gives_to_secret_names_is_hidden():
    """A plugin's own words, of which nothing is known."""
    said = 'level=info token="abc", my_password: x y; key=1'
    assert without_assigned(said) == f'level=info token="{HIDDEN}", my_password: {HIDDEN} y; key=1'


def test_events_are_masked_before_they_are_laid_out():
    """In their texts; what state a component is in is no text of theirs."""
    secrets = known("hunter2x")
    assert masked(Notice("it is hunter2x"), secrets.mask) == Notice(f"it is {HIDDEN}")
    event = ComponentProgress("a", ComponentState.READY, 1, 2, "hunter2x")
    assert masked(event, secrets.mask).state is ComponentState.READY


def test_a_kubeconfig_of_any_shape_is_learnt():
    """Before it is checked: what is under secret names, in addresses, or given to programs."""
    SECRETS.forget()
    learn_credentials(
        {
            "clusters": [{"name": "prod-1", "cluster": {"server": "https://joe:pw-in-url@host"}}],
            "users": [
                {"user": {"token": ["tok-in-list1"], "auth-provider": {"id-token": "tok-of-oidc"}}},
                {
                    "user": {
                        "exec": {
                            "args": [
                                "get-token",
                                "--key=arg-of-flag",
                                "-c",
                                "prod-1",
                                "-pshort-flag",
                            ],
                            "env": [{"name": "X", "value": "val-of-env1"}, "odd"],
                        }
                    }
                },
                "odd",
            ],
        }
    )
    said = "pw-in-url tok-in-list1 tok-of-oidc arg-of-flag short-flag val-of-env1 prod-1 get-token"
    assert SECRETS.mask(said) == f"{' '.join([HIDDEN] * 6)} prod-1 get-token"
    SECRETS.forget()
    assert SECRETS.mask(said) == said


SECRET_PLACE, PLAIN_PLACE = Place("Secret/x", path="data.a"), Place("ConfigMap/x", path="data.a")


@pytest.mark.parametrize(
    ("name", "parameter", "secret"),
    [
        ("a", Parameter(ParameterType.STRING, "", places=(SECRET_PLACE,)), True),
        ("a", Parameter(ParameterType.STRING, "", places=(PLAIN_PLACE,)), False),
        ("a", Parameter(ParameterType.STRING, "", places=(PLAIN_PLACE,), secret=True), True),
        ("password", Parameter(ParameterType.STRING, "", places=(PLAIN_PLACE,)), True),
        ("password", Parameter(ParameterType.STRING, "", secret=False), False),
        ("mountToken", Parameter(ParameterType.BOOLEAN, ""), False),
    ],
)
def test_which_parameters_are_secret(name, parameter, secret):
    """By a mark, by a place in a Secret, else by what they are called."""
    assert confidential(name, parameter) is secret


def test_secret_settings_are_parted_from_the_others():
    """Of what nobody knows any more, by name; what was recorded apart stays apart."""
    sets = {"web.replicas": "7", "gone.token": "x", "gone.a": "y", "web.title": "z"}
    keys = secret_keys(fake.catalogue().components, sets, {"gone.a"})
    assert keys == {"gone.token", "gone.a"}
    seen, hidden = split(sets, keys)
    assert seen == sets | {"gone.token": HIDDEN, "gone.a": HIDDEN}
    assert hidden == {"gone.token": "x", "gone.a": "y"}


@pytest.mark.parametrize(
    "key", ["dbPassword", "AWS_SECRET_ACCESS_KEY", "client-key-data", "apiKey"]
)
def test_names_given_to_secrets(key):
    """In any spelling."""
    assert secretive(key)
    assert not secretive("workers")
