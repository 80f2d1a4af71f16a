"""Whether a stack takes the programs of its components: their maturity, licence and supplier.

What an image carries, and who signed it, is nothing that a file can tell.
"""

from collections.abc import Container, Iterator, Sequence

from stackctl.model.catalogue.component import Maturity, Upstream
from stackctl.model.catalogue.mode import Mode
from stackctl.model.catalogue.profile import Accepted, Origin
from stackctl.model.resolve.profile_chain import Layer
from stackctl.model.resolve.selection import Chosen
from stackctl.model.shapes.suggest import did_you_mean

HINT = "take a component out (NAME: null), or accept it with its reason in spec.accepts.exceptions"

_UNKNOWN = Upstream("", "")


def problems(
    accepted: Accepted, layers: Sequence[Layer], components: Sequence[Chosen]
) -> Iterator[str]:
    """Yield which components are not taken, with the line that says so.

    What somebody else runs is not ours to accept.
    """
    names = [each.component.name for each in components]
    for component in (each.component for each in components if each.mode is not Mode.EXTERNAL):
        if component.name in accepted.exceptions:
            continue
        for key, what in _against(accepted, component.spec.upstream or _UNKNOWN):
            at = _said(layers, key)
            yield f"{at}: spec.accepts.{key}: {component.name} {what}"
    for name, reason in accepted.exceptions.items():
        at = _said(layers, "exceptions", name)
        if name not in names:
            known = did_you_mean(name, names)
            yield f"{at}: spec.accepts.exceptions: {name} is not in the stack{known}"
        elif not reason.strip():
            yield f"{at}: spec.accepts.exceptions.{name}: a reason is expected"


def _against(accepted: Accepted, upstream: Upstream) -> Iterator[tuple[str, str]]:
    """Yield what speaks against a program, by the key it fails."""
    if (least := accepted.maturity) and _rank(upstream.maturity) < _rank(least):
        yield "maturity", f"{_is(upstream.maturity, 'maturity')}, {least} is the least"
    if accepted.licences and not _allows(upstream.licence, accepted.licences):
        yield "licences", f"{_is(upstream.licence, 'licence')}, which is none of these"
    if accepted.suppliers and upstream.supplier not in accepted.suppliers:
        yield "suppliers", f"{_is(upstream.supplier, 'supplier')}, which is none of these"


def _rank(maturity: Maturity | None) -> int:
    """Count from the least, which is what says nothing."""
    return [None, *Maturity].index(maturity)


def _allows(licence: str, accepted: Container[str]) -> bool:
    """Tell whether one of the choices that a licence leaves needs nothing but what is accepted.

    AND binds closer than OR, as SPDX has it.
    """
    choices = licence.split(" OR ")
    return any(all(part in accepted for part in each.split(" AND ")) for each in choices)


def _is(value: str | None, word: str) -> str:
    if not value:
        return f"says no {word}"
    return f"is {value}" if word == "maturity" else f"has the {word} {value}"


def _said(layers: Sequence[Layer], *at: str) -> Origin:
    """Return where the last file that says something says it."""
    saying = [each for each in layers if ("spec", "accepts", *at) in each.lines]
    return (saying or list(layers))[-1].origin("accepts", *at)
