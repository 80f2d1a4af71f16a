"""The objects of one component while they are put together, found by what component.yaml says.

Objects themselves are never changed: a changed one takes its place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.shapes.suggest import did_you_mean

_NAME = re.compile(
    r"(?P<kind>[A-Z]\w*)(?:\.(?P<group>[^/]+))?/(?:(?P<namespace>[^/]+)/)?(?P<name>[^/]+)"
)


class NoSuchObject(ValueError):
    """No object, or more than one, answers to a name; or a name that is none."""


class Objects:
    """Objects by ref, in the order they came."""

    def __init__(
        self, namespace: str, manifests: Iterable[Manifest] = (), *, anywhere: bool = False
    ) -> None:
        self.namespace = namespace  # where objects are looked for that name none
        self.anywhere = anywhere  # look in every namespace
        self._items: dict[Ref, Manifest] = {}
        for manifest in manifests:
            self.add(manifest)

    @classmethod
    def of(cls, namespace: str, items: Mapping[Ref, Manifest]) -> "Objects":
        """Return a set of objects that are known by their refs already."""
        made = cls(namespace)
        made._items.update(items)
        return made

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self._items.values())

    def __contains__(self, ref: Ref) -> bool:
        return ref in self._items

    def __getitem__(self, ref: Ref) -> Manifest:
        return self._items[ref]

    def copy(self) -> "Objects":
        """Return the same objects, to be changed without these."""
        return Objects(self.namespace, self, anywhere=self.anywhere)

    def refs(self) -> tuple[Ref, ...]:
        """Return every ref."""
        return tuple(self._items)

    def items(self) -> Mapping[Ref, Manifest]:
        """Return every object by its ref."""
        return dict(self._items)

    def add(self, manifest: Manifest) -> None:
        """Take in an object.

        Raises:
            NotFound: there is one of this name already.
        """
        ref = ref_of(manifest)
        if ref in self._items:
            raise NoSuchObject(f"{ref} is there twice")
        self._items[ref] = manifest

    def put(self, ref: Ref, manifest: Manifest) -> None:
        """Replace an object, which may be called something else now."""
        if (new := ref_of(manifest)) == ref:
            self._items[ref] = manifest
            return
        pairs = ((new, manifest) if key == ref else (key, old) for key, old in self._items.items())
        self._items = dict(pairs)

    def remove(self, ref: Ref) -> None:
        """Take an object out."""
        del self._items[ref]

    def has(self, text: str) -> bool:
        """Tell whether exactly one object answers to `Kind[.group]/[namespace/]name`."""
        return len(self._meant(text)[0]) == 1

    def find(self, text: str) -> Ref:
        """Return the object that `Kind[.group]/[namespace/]name` means.

        Raises:
            NotFound: none does, or several do, or the text is no such name.
        """
        found, same = self._meant(text)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{ref.kind}.{ref.group}/{ref.name}" for ref in found)
            raise NoSuchObject(f"{text} means several objects: {names}")
        if not _NAME.fullmatch(text):
            raise NoSuchObject(
                f'"{text}" names no object: expected Kind/name or Kind/namespace/name'
            )
        elsewhere = f"; there is {same[0]}" if same else ""
        known = (f"{ref.kind}/{ref.name}" for ref in self._items)
        raise NoSuchObject(f"there is no {text}{elsewhere or did_you_mean(text, known)}")

    def _meant(self, text: str) -> tuple[list[Ref], list[Ref]]:
        """Return the objects a name means, and those of its kind and name anywhere."""
        if (match := _NAME.fullmatch(text)) is None:
            return [], []
        same = [
            ref
            for ref in self._items
            if ref.kind == match["kind"]
            and ref.name == match["name"]
            and match["group"] in (None, ref.group)
        ]
        return [ref for ref in same if self._here(ref, match["namespace"])], same

    def _here(self, ref: Ref, namespace: str | None) -> bool:
        if namespace is not None:
            return ref.namespace == namespace
        return self.anywhere or ref.namespace in ("", self.namespace)
