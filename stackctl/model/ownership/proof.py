"""What an object itself tells of what was applied to it: a mark that is sent with its values.

The API server changes both in one step, so the mark says whose values are there, whichever run,
machine or version of stackctl wrote them. What follows from it is decided in `plan`.
"""

from dataclasses import dataclass

from stackctl.model.objects.refs import (
    Manifest,
    annotated,
    annotations_of,
    digest,
    without_annotations,
)

APPLIED = "stackctl.dev/applied"


@dataclass(frozen=True, slots=True)
class Mark:
    """What was applied, and by which run; written `digest.run`."""

    digest: str = ""  # of the manifest, the mark itself left out; empty: no mark
    run: str = ""

    def __str__(self) -> str:
        return f"{self.digest}.{self.run}" if self.digest or self.run else ""

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """Read what `str` wrote."""
        made, _, run = text.partition(".")
        return cls(made, run)

    @property
    def without_content(self) -> "Mark":
        """Which run it was, and nothing from which a value could be guessed."""
        return Mark(run=self.run)

    def same_content(self, other: "Mark") -> bool:
        """Tell whether the same was applied; where only runs are known, whether by the same one."""
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.run == other.run


def mark_of(live: Manifest) -> Mark:
    """Read the mark of an object."""
    return Mark.parse(annotations_of(live).get(APPLIED, ""))


def marked(manifest: Manifest, run: str, said: Manifest | None = None) -> Manifest:
    """Write on a manifest what it is and which run sends it.

    The run makes every write one that changes the object, even where its values stay the same:
    what an earlier run has sent for the object as it was then does not fit it any more.
    `said` is the manifest that is meant, where what is sent says more to get there.
    """
    return annotated(manifest, {APPLIED: str(Mark(digest(said or manifest), run))})


def unmarked(manifest: Manifest) -> Manifest:
    """Leave the mark out, for comparing what people mean by an object."""
    return without_annotations(manifest, lambda key: key == APPLIED)


def sent_by(live: Manifest, manifest: Manifest, run: str) -> bool:
    """Tell whether an object is as a run left it when it sent this manifest."""
    return mark_of(live) == Mark(digest(manifest), run)
