"""Finding a file's digest in what was published."""

import json

import pytest

from stackctl.sandbox.programs.checksums import published_digest

DIGEST, OTHER = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    "text",
    [
        DIGEST,
        f"{DIGEST}\n",
        f"{DIGEST.upper()}  kwok\n",
        f"{OTHER}  etcd\n{DIGEST}  kwok\n",
        f"{OTHER} *etcd\n{DIGEST} *kwok\n",
        json.dumps({"assets": [{"name": "kwok", "digest": f"sha256:{DIGEST}"}]}),
    ],
)
def test_every_published_form_is_understood(text):
    """A bare digest, sha256sum's lines and a release's description all name the digest."""
    assert published_digest(text, "kwok") == DIGEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>Please sign in</html>",
        DIGEST[:63],
        f"{DIGEST}  another\n",
        "{",
        json.dumps({"assets": [{"name": "kwok", "digest": None}]}),
        json.dumps({"assets": [{"name": "kwok", "digest": f"sha512:{DIGEST}"}]}),
        json.dumps({"message": "rate limit exceeded"}),
    ],
)
def test_anything_else_is_no_digest(text):
    """What does not say the file's SHA-256 is not taken for one."""
    assert published_digest(text, "kwok") is None
