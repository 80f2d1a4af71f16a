"""Secrets that hold generated values: which there are, what they lack, what would be written.

They are no part of the objects that are applied: a value is made once, lives as long as the data
it opens, and is written nowhere but into its Secret. Who makes it is `cluster.change.credentials`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.catalogue.generated import stand_ins, with_values
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import CREDENTIALS_LABEL, Manifest, Ref, labels_of, ref_of
from stackctl.model.objects.secret_data import encoded_text, texts_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.resolve.overrides import component_of


@dataclass(frozen=True, slots=True)
class GeneratedSecrets:
    """The generated values of a stack, and the Secrets that hold them."""

    secrets: Mapping[Ref, tuple[str, Manifest]] = field(default_factory=dict)  # with the component
    homes: Mapping[str, tuple[Ref, str]] = field(default_factory=dict)  # a value's Secret and key
    kinds: Mapping[str, str] = field(default_factory=dict)  # what is generated, by value
    given: Mapping[str, str] = field(default_factory=dict)  # what somebody has set instead

    def of(self, component: str) -> dict[Ref, Manifest]:
        """Choose the Secrets of a component."""
        return {ref: each for ref, (name, each) in self.secrets.items() if name == component}

    def names_in(self, ref: Ref) -> list[str]:
        """Name the values that a Secret holds."""
        texts = texts_of(self.secrets[ref][1]).values()
        return list(dict.fromkeys(name for text in texts for name in stand_ins(text)))


def credentials_of(bundle: Bundle) -> GeneratedSecrets:
    """Collect what a bundle says of generated values."""
    secrets: dict[Ref, tuple[str, Manifest]] = {}
    homes: dict[str, tuple[Ref, str]] = {}
    kinds: dict[str, str] = {}
    given: dict[str, str] = {}
    for part in bundle.components:
        kinds |= part.generate
        given |= part.given
        for manifest in part.credentials:
            ref = ref_of(manifest)
            secrets[ref] = (part.name, manifest)
            for key, name in _alone(manifest):
                if component_of(name) == part.name:
                    homes.setdefault(name, (ref, key))
    return GeneratedSecrets(secrets, homes, kinds, given)


def _alone(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the keys that hold a value and nothing else."""
    for key, text in texts_of(manifest).items():
        names = stand_ins(text)
        if len(names) == 1 and text.startswith("<") and text.endswith(">") and text.count("<") == 1:
            yield key, names[0]


def data_of(manifest: Manifest, value: Callable[[str], str]) -> dict[str, Any]:
    """Return what a Secret is to hold, values put in."""
    texts = {key: with_values(text, value) for key, text in texts_of(manifest).items()}
    return dict(manifest.get("data") or {}) | {k: encoded_text(text) for k, text in texts.items()}


def held_by(live: Manifest, stack: StackId) -> bool:
    """Tell whether a Secret holds the generated values of a stack."""
    return live.get("kind") in (None, "Secret") and (
        labels_of(live).get(CREDENTIALS_LABEL) == stack.label
    )


def lacking(manifest: Manifest, live: Manifest | None, given: Mapping[str, str]) -> list[str]:
    """Name the keys that a Secret does not have yet, or that are to hold something else."""
    there = texts_of(live or {})
    found = []
    for key, text in texts_of(manifest).items():
        if not there.get(key):
            found.append(key)
        elif names := stand_ins(text):
            known = all(name in given for name in names)
            if known and with_values(text, given.__getitem__) != there[key]:
                found.append(key)
        elif text != there[key]:
            found.append(key)
    return found
