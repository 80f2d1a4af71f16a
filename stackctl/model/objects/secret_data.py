"""What a Secret holds, as texts and as it is kept: in base64.

Which of its values are hidden, and where else they may stand, is `masking`'s part.
"""

import base64

from stackctl.model.objects.refs import Manifest


def encoded_text(text: str) -> str:
    """Write a text as a Secret keeps it."""
    return base64.b64encode(text.encode()).decode()


def texts_of(secret: Manifest) -> dict[str, str]:
    """Read what a Secret holds, as texts; what is no text is left out."""
    found = {}
    for key, value in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(str(value)).decode()
        except ValueError:
            continue
    return found
