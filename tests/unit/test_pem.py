"""Certificates and keys among other things, and the tokens of OpenID providers."""

import base64
import json

import pytest

from stackctl.api.access.oidc import expiry
from stackctl.api.wire.pem import blocks, certificates, private_keys
from stackctl.errors import AccessDenied

ONE = b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN EC PRIVATE KEY-----\nQUJD\n-----END EC PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (ONE, 1),
        (ONE + ONE, 2),
        (ONE.strip(), 1),
        (ONE.replace(b"\n", b"\r\n"), 1),
        (ONE.replace(b"-\n", b"- \t\n"), 1),
        (ONE.replace(b"QUJD", b"QU JD"), 1),
        ("# Köln\n".encode("latin-1") + ONE + b"\0\xff", 1),
        (b"-----BEGIN CERTIFICATE-----\nQ\n" + ONE, 1),
        (ONE.replace(b"QUJD", b"!") + ONE, 1),
        (KEY + ONE, 1),
        (b" " + ONE, 0),
        (b"\xef\xbb\xbf" + ONE, 0),
        (ONE.replace(b"\n", b"\r"), 0),
        (ONE.replace(b"END CERTIFICATE", b"END KEY"), 0),
        (ONE.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"), 0),
        (ONE[:40], 0),
        (b"", 0),
    ],
)
def test_certificates_are_found_as_kubectl_finds_them(content, count):
    """Each at the beginning of a line, whatever stands around it and in whatever encoding."""
    found = certificates(content)
    assert [block.content for block in found] == [b"ABC"] * count
    assert all(str(block) == ONE.decode() for block in found)


def test_headers_are_noticed():
    """A block that has them is encrypted, or another thing than it seems."""
    headed = ONE.replace(b"QUJD", b"Proc-Type: 4,ENCRYPTED\n\nQUJD")
    assert [block.headed for block in blocks(ONE + headed)] == [False, True]


def test_a_key_may_have_the_label_of_another():
    """The first key, as what it says it is, and then as every other kind."""
    first, *others = private_keys(ONE + KEY + KEY.replace(b"EC ", b""))
    assert first.kind == "EC PRIVATE KEY"
    assert {key.content for key in others} == {b"ABC"}
    assert {key.kind for key in others} >= {"PRIVATE KEY", "RSA PRIVATE KEY"}
    assert private_keys(ONE) == []


def token(claims: str) -> str:
    return f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("claims", "when"),
    [
        ({"exp": 4102444800}, 4102444800),
        ({"exp": 4.5e9}, 4.5e9),
        ({"exp": "4102444800"}, 4102444800),
        ({"exp": None}, 0),
        ({}, 0),
        ({"exp": 1e300}, 0),
    ],
)
def test_a_token_says_when_it_expires(claims, when):
    """One that does not say, or says what no clock has, has expired."""
    assert expiry(token(json.dumps(claims))) == when


@pytest.mark.parametrize(
    "text",
    ["", "s3cret", "a.b", "a.!.c", token("[]"), token("x"), "a.e30=.c", token('{"exp":"x"}')],
)
def test_what_is_no_token_is_refused_without_being_shown(text):
    """No part of it is in the message."""
    with pytest.raises(AccessDenied, match="is no JSON web token") as caught:
        expiry(text)
    assert text == "" or text not in str(caught.value)
