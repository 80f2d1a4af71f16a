"""Reads certificates: until when they last, and whether a bundle verifies them.

Import this module where it is used: it loads cryptography, which nobody else should wait for.
"""

import base64
import binascii
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def ended(chain: str, now: datetime) -> str:
    """Say when a certificate has ended; empty for one that has not, or that cannot be read."""
    found = _read(chain)
    if not found or found[0].not_valid_after_utc > now:
        return ""
    return f"has expired at {found[0].not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"


def verifies(bundle: str, chain: str) -> bool:
    """Tell whether a certificate, or one that is sent along with it, is known by a bundle."""
    served, known = _read(chain), _read(bundle)
    if not served or not known:
        return not served  # what cannot be read proves nothing
    return any(ca == each or _signed(each, ca) for each in served for ca in known)


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _read(text: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(base64.b64decode(text))
    except (ValueError, binascii.Error):
        return []
