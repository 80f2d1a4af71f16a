"""What changed from one revision of a stack to the next, told from their inventories.

Reading revisions is for `cluster.releases`; what would change now is for `plan`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.proof import Mark
from stackctl.model.release.release import Entry, Release, ReleaseStatus


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A component's version before and after; empty where it is not there."""

    component: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Tell whether the two differ."""
        return self.before != self.after

    def __str__(self) -> str:
        if self.before and self.after:
            return f"{self.component} {self.before} → {self.after}"
        return f"+{self.component} {self.after}" if self.after else f"-{self.component}"


_NAMED = 2


@dataclass(frozen=True, slots=True)
class Revision:
    """A release beside the one before it."""

    release: Release
    first: bool  # of the stack; otherwise, without `previous`, its predecessor is not kept
    previous: Release | None
    versions: tuple[VersionChange, ...]  # those that changed
    added: int
    changed: int
    removed: int
    touched: tuple[str, ...] = ()  # components whose objects are among these
    set_back: int = 0  # objects that were not as they had been applied, and are again
    mended: tuple[str, ...] = ()  # components whose objects were set back
    perhaps: int = 0  # objects that it may have changed beside these: it did not come to say

    @property
    def summary(self) -> str:
        """Say in one line what changed."""
        if self.previous is None and not self.first:
            return "the revision before it is not kept"
        parts = [str(each) for each in self.versions]
        if self.previous is not None and self.previous.profile != self.release.profile:
            parts.insert(0, f"profile {self.previous.profile} → {self.release.profile}")
        counts = self._counts
        if counts:
            parts.append(f"{counts} {self._objects}")
        if self.set_back:
            word = f"object{'' if self.set_back == 1 else 's'}"
            whose = f" of {' and '.join(self.mended)}" if len(self.mended) <= _NAMED else ""
            parts.append(f"{self.set_back} {word}{whose} set back")
        if self.release.untold and counts:
            return f"unknown: it has not said how it ended; at most {', '.join(parts)}"
        if not parts and self.previous is not None and self.previous.sets != self.release.sets:
            return "nothing but what --set says"
        return ", ".join(parts) or "nothing"

    @property
    def _counts(self) -> str:
        """Count objects behind their signs; those that only may have changed behind a word."""
        untold = self.release.untold
        changed = self.changed + (self.perhaps if untold else 0)
        signs = (("+", self.added), ("~", changed), ("-", self.removed))
        parts = [f"{sign}{count}" for sign, count in signs if count]
        if self.perhaps and not untold:
            parts.append(f"perhaps ~{self.perhaps}")
        return " ".join(parts)

    @property
    def _objects(self) -> str:
        one = self.added + self.changed + self.removed + self.perhaps == 1
        word = "object" if one else "objects"
        # Components whose version changes are named already.
        named = not self.versions and 0 < len(self.touched) <= _NAMED
        return f"{word} of {' and '.join(self.touched)}" if named else word


def revisions(releases: Sequence[Release]) -> tuple[Revision, ...]:
    """Lay each revision beside the one before it, oldest first."""
    before: list[Release | None] = [None, *releases[:-1]]
    return tuple(map(_revision, before, releases))


def version_changes(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[VersionChange, ...]:
    """Compare the versions of all components, those that left last."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(VersionChange(name, before.get(name, ""), after.get(name, "")) for name in names)


def _revision(previous: Release | None, release: Release) -> Revision:
    was = _entries(previous)
    now = _entries(release)
    if previous is None and release.revision > 1:
        return Revision(release, False, None, (), 0, 0, 0)
    versions = version_changes(previous.components if previous else {}, release.components)
    added = [ref for ref in now if ref not in was]
    changed = [ref for ref, entry in now.items() if ref in was and _differ(was[ref], entry)]
    set_back = [ref for ref, entry in now.items() if ref in was and _set_back(was[ref], entry)]
    perhaps = [ref for ref in _unproven(previous, release) if ref not in changed]
    removed = [ref for ref in was if ref not in now]
    owners = {ref: entry.component for ref, entry in {**was, **now}.items()}
    return Revision(
        release=release,
        first=previous is None,
        previous=previous,
        versions=tuple(each for each in versions if each.changed),
        added=len(added),
        changed=len(changed),
        removed=len(removed),
        touched=tuple(sorted({owners[ref] for ref in (*added, *changed, *removed, *perhaps)})),
        set_back=len(set_back),
        mended=tuple(sorted({owners[ref] for ref in set_back})),
        perhaps=len(perhaps),
    )


def _entries(release: Release | None) -> Mapping[Ref, Entry]:
    return {entry.ref: entry for entry in release.inventory} if release else {}


def _unproven(previous: Release | None, release: Release) -> Iterator[Ref]:
    """Yield what a run that did not end well took the proof from, and did not prove again."""
    if previous is None or not (release.untold or release.status is ReleaseStatus.FAILED):
        return
    was = _entries(previous)
    surely = previous.status in (ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED)
    for ref, entry in _entries(release).items():
        # What had no proof while all was well is looked at by every run, and touched by none.
        if ref in was and not entry.owned and (was[ref].owned or not surely):
            yield ref


def _differ(was: Entry, now: Entry) -> bool:
    # Another uid: deleted and made again, by us or by somebody else.
    same = Mark.parse(was.mark).same_content(Mark.parse(now.mark))
    return not same or was.uid != now.uid


def _set_back(was: Entry, now: Entry) -> bool:
    """Tell whether a run wrote once more what was known to be applied: it was not so any more."""
    before, after = Mark.parse(was.mark), Mark.parse(now.mark)
    return bool(was.owned) and not _differ(was, now) and before.run != after.run
