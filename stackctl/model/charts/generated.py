"""What a chart makes up anew at each rendering: found by rendering twice, and kept as it is live.

Passwords and certificates that a template draws would change with every deploy, and with them
whatever was opened by the old ones. What is there stays: the field keeps its live value, and so
does everything that says the same.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackctl.model.charts.rendered import Fields
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import SECRET
from stackctl.model.objects.refs import Manifest, Ref, ref_of


class Unstable(ValueError):
    """What differs between two renderings cannot be kept: there is nothing to compare it with."""


def differing(first: Sequence[Manifest], second: Sequence[Manifest]) -> Fields:
    """Return which fields two renderings of one chart disagree about.

    Raises:
        Unstable: they do not have the same objects, or lists of one length.
    """
    before = {ref_of(each): each for each in first}
    after = {ref_of(each): each for each in second}
    if before.keys() != after.keys():
        one = min(before.keys() ^ after.keys())
        raise Unstable(f"{one.kind}/{one.name} is called something else at each rendering")
    found = {ref: tuple(_differing(ref, before[ref], after[ref], ())) for ref in before}
    return {ref: fields for ref, fields in found.items() if fields}


def _differing(
    ref: Ref, one: Any, other: Any, at: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from _differing(ref, one[key], other[key], (*at, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differing(ref, mine, theirs, (*at, index))
    elif isinstance(one, dict | list) or isinstance(other, dict | list):
        raise Unstable(f"{ref.kind}/{ref.name}: {paths.show(at)} has another shape at each")
    else:
        yield at


def shown(fields: Fields) -> list[str]:
    """Name fields as people would."""
    return [
        f"{ref.kind}/{ref.name}: {paths.show(at)}" for ref, all_ in fields.items() for at in all_
    ]


def settled(
    bundle: Bundle, generated: Mapping[str, Fields], live: Mapping[Ref, Manifest]
) -> Bundle:
    """Keep what is live of the fields that components make up anew."""
    return replace(
        bundle,
        components=tuple(
            _settled(part, generated[part.name], live) if part.name in generated else part
            for part in bundle.components
        ),
    )


def _settled(
    part: BundleComponent, fields: Fields, live: Mapping[Ref, Manifest]
) -> BundleComponent:
    drawn = list(_drawn(part.objects, fields))
    kept: dict[str, str] = {}  # what was drawn now → what is there instead, as Secrets tell
    fresh: set[str] = set()  # what was drawn now and holds: the Secret that has it is new
    for ref, at, new in drawn:
        if (ref.group, ref.kind) == SECRET:
            old = paths.get(live[ref], at, None) if ref in live else None
            if isinstance(old, str):
                kept[new] = old
            else:
                fresh.add(new)
    fresh -= kept.keys()
    same = {**kept, **dict(_decoded(kept))}
    alone = {*fresh, *(text for each in fresh if (text := _plain(each)) is not None)}
    changed = {ref_of(each): each for each in part.objects}
    for ref, at, new in drawn:
        old = paths.get(live[ref], at, None) if ref in live else None
        if isinstance(new, str) and new in same:
            value = same[new]
        elif old is None or new in alone:
            continue
        elif fresh and (ref.group, ref.kind) != SECRET:
            continue  # made of something new, as a checksum is
        else:
            value = old
        changed[ref] = paths.put(changed[ref], at, value)
    return replace(part, objects=tuple(changed.values()))


def _drawn(
    objects: Iterable[Manifest], fields: Fields
) -> Iterator[tuple[Ref, tuple[str | int, ...], Any]]:
    """Yield the fields that are still there after all layers, with what was drawn for them."""
    for manifest in objects:
        ref = ref_of(manifest)
        for at in fields.get(ref, ()):
            value = paths.get(manifest, at, paths.MISSING)
            if value is not paths.MISSING:
                yield ref, at, value


def _decoded(kept: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the same pairs as texts: what a Secret has in base64 may stand elsewhere as it is."""
    for new, old in kept.items():
        plain, before = _plain(new), _plain(old)
        if plain is not None and before is not None:
            yield plain, before


def _plain(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def refs_of(generated: Mapping[str, Fields]) -> frozenset[Ref]:
    """Return the objects that have such fields."""
    return frozenset(ref for fields in generated.values() for ref in fields)
