"""Sends one object to the API server, as one stack's field manager and under its conditions.

What the server can check, it checks: an object that is to be made must not be there yet, and one
that is to be changed must still be the version that was looked at. What to send, and what becomes
of a refusal, is decided by `apply`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.errors import (
    AlreadyExists,
    ConflictError,
    FieldConflict,
    Invalid,
    StaleWrite,
)
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.ownership.conflict_policy import AS_USUAL, ConflictPolicy
from stackctl.model.ownership.field_sets import without
from stackctl.model.ownership.managed_fields import patch
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.ownership.proof import marked, sent_by
from stackctl.model.ownership.stack_id import StackId

# A server-side apply with this version is answered with 409 where there is an object already.
NONE_THERE = {"resourceVersion": "1"}
DRY_RUN = "0"  # stands for the run in what is only tried


class Occupied(Exception):
    """There is an object where one was to be made."""

    def __init__(self, live: Manifest) -> None:
        super().__init__(str(ref_of(live)))
        self.live = live


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a stack, in one run."""

    client: Client
    stack: StackId
    run: str = DRY_RUN

    def predict(self, path: str, manifest: Manifest, stance: ConflictPolicy = AS_USUAL) -> Manifest:
        """Return what applying an object would make of it.

        Raises:
            ConflictError: fields are neither to be taken nor to be left to whoever holds them.
        """
        return self._apply(path, manifest, stance, {}, dry_run=True)

    def create(self, path: str, manifest: Manifest, stance: ConflictPolicy = AS_USUAL) -> Manifest:
        """Make an object that is not there yet; one that this run has made is recognised.

        Raises:
            Occupied: another one is there.
        """
        try:
            return self._apply(path, manifest, stance, NONE_THERE)
        except (AlreadyExists, StaleWrite):
            live = self.client.get(path)
            if live is None:
                raise
            if sent_by(live, manifest, self.run):
                return live
            raise Occupied(live) from None

    def change(
        self, path: str, manifest: Manifest, seen: Manifest, stance: ConflictPolicy = AS_USUAL
    ) -> Manifest:
        """Apply an object to the very version of it that was seen, with former installers' claims.

        Raises:
            StaleWrite: it has been written to since, or is gone.
            ConflictError: fields are neither to be taken nor to be left to whoever holds them.
        """
        metadata = self._claimed(path, seen, adopting=stance.take)["metadata"]
        conditions = {key: metadata[key] for key in ("uid", "resourceVersion")}
        return self._apply(path, manifest, stance, conditions)

    def sent(self, live: Manifest, manifest: Manifest) -> bool:
        """Tell whether an object is as this very run sent it."""
        return sent_by(live, manifest, self.run)

    def _claimed(self, path: str, seen: Manifest, *, adopting: bool) -> Manifest:
        """Make what former installers claim ours, so that what we do not send really goes."""
        steps = patch(seen, self.stack, adopting=adopting)
        if not steps:
            return seen
        try:
            return self.client.patch(path, steps, kind="json")
        except Invalid as refusal:  # a test that fails is answered with 422
            raise StaleWrite(str(refusal), status=refusal.status) from refusal

    def _apply(
        self,
        path: str,
        manifest: Manifest,
        stance: ConflictPolicy,
        conditions: Mapping[str, str],
        *,
        dry_run: bool = False,
    ) -> Manifest:
        """Apply an object; what becomes of fields that others hold as well is for the stance."""
        sent = marked(manifest, self.run)
        sent["metadata"] = sent["metadata"] | conditions
        try:
            return self._send(path, sent, dry_run=dry_run)
        except FieldConflict as error:
            # Where nothing may be there yet, that something is says enough.
            if conditions == NONE_THERE:
                raise StaleWrite(str(error), status=error.status, reason=error.reason) from error
            sent = _yielded(sent, stance, error)
        return self._send(path, sent, dry_run=dry_run, force=True)

    def _send(self, path: str, sent: Manifest, *, dry_run: bool, force: bool = False) -> Manifest:
        manager = self.stack.manager
        return self.client.apply(path, sent, manager=manager, dry_run=dry_run, force=force)


def _yielded(manifest: Manifest, stance: ConflictPolicy, error: FieldConflict) -> Manifest:
    """Leave out the fields that are left to whoever holds them; all others may be taken.

    Raises:
        ConflictError: some are neither to be taken nor to be left to whoever holds them.
    """
    conflicts = stance.judge(ref_of(manifest), error.owners)
    refused = {each.field: each.manager for each in conflicts if each.verdict is Verdict.REFUSE}
    if refused or not conflicts:
        raise _held(error, refused) from error
    for each in conflicts:
        if each.verdict is Verdict.YIELD:
            manifest = without(manifest, each.field)
    return manifest


def _held(error: FieldConflict, refused: Mapping[str, str]) -> ConflictError:
    """Name the fields (field → manager) that stand in the way, and how to get past them."""
    lines = [f"  {field}: held by {manager}" for field, manager in refused.items()]
    options = " ".join(f"--take-over {manager}" for manager in sorted({*refused.values()}))
    hint = f"{options} takes them now; `contested` in the stack file decides for good"
    return ConflictError("\n".join([str(error), *lines]), hint=hint if refused else "")
