"""Sends one object to the API server, as one stack's field manager and under its conditions.

What the server can check, it checks: an object that is to be made must not be there yet, and one
that is to be changed must still be the version that was looked at. What to send, and what becomes
of a refusal, is decided by `apply`.
"""

from collections.abc import Mapping, Sequence
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
from stackctl.model.ownership.conflict_policy import (
    AS_USUAL,
    ConflictPolicy,
    refused,
    without_held,
)
from stackctl.model.ownership.defaults import Names, emptied, in_the_way
from stackctl.model.ownership.managed_fields import patch
from stackctl.model.ownership.ownership import HeldField
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
class Forecast:
    """What applying an object would make of it."""

    result: Manifest
    # Fields that others hold, and what becomes of each; where that is refused, the result is as if
    # they were taken.
    held: tuple[HeldField, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a stack, in one run."""

    client: Client
    stack: StackId
    run: str = DRY_RUN

    def predict(self, path: str, manifest: Manifest, stance: ConflictPolicy = AS_USUAL) -> Forecast:
        """Return what applying an object would make of it, and who would have to agree."""
        try:
            return Forecast(self._send(path, marked(manifest, self.run), dry_run=True))
        except FieldConflict as error:
            held = stance.judge(ref_of(manifest), error.holders)
            if not held:
                raise
        sent = marked(without_held(manifest, held), self.run)
        return Forecast(self._send(path, sent, dry_run=True, force=True), held)

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
        live = self._claimed(path, seen, adopting=stance.take)
        try:
            return self._apply(path, manifest, stance, _conditions(live))
        except Invalid as refusal:
            filled = in_the_way(live, manifest, refusal.causes)
            if not filled:
                if (tried := emptied(live, manifest, refusal.causes)) is None:
                    raise
                return self._apply(path, tried, stance, _conditions(live), manifest)
        live = self._claimed(path, live, adopting=stance.take, filled=filled)
        return self._apply(path, manifest, stance, _conditions(live))

    def sent(self, live: Manifest, manifest: Manifest) -> bool:
        """Tell whether an object is as this very run sent it."""
        return sent_by(live, manifest, self.run)

    def _claimed(
        self, path: str, seen: Manifest, *, adopting: bool, filled: Sequence[Names] = ()
    ) -> Manifest:
        """Make what former installers claim ours, so that what we do not send really goes."""
        steps = patch(seen, self.stack, adopting=adopting, filled=filled)
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
        said: Manifest | None = None,
    ) -> Manifest:
        """Apply an object; what becomes of fields that others hold as well is for the stance.

        `said` is the object that is meant, where what is sent says more to get there.
        """
        try:
            return self._send(path, _under(conditions, marked(manifest, self.run, said)))
        except FieldConflict as error:
            # Where nothing may be there yet, that something is says enough.
            if conditions == NONE_THERE:
                raise StaleWrite(str(error), status=error.status, reason=error.reason) from error
            left = _yielded(manifest, stance, error)
        # The mark says what was really sent: what is left to others is not proven by it.
        meant = said if left == manifest else None
        return self._send(path, _under(conditions, marked(left, self.run, meant)), force=True)

    def _send(
        self, path: str, sent: Manifest, *, dry_run: bool = False, force: bool = False
    ) -> Manifest:
        manager = self.stack.manager
        return self.client.apply(
            path, sent, manager=manager, dry_run=dry_run, force=force, paced=True
        )


def _conditions(live: Manifest) -> dict[str, str]:
    return {key: live["metadata"][key] for key in ("uid", "resourceVersion")}


def _under(conditions: Mapping[str, str], sent: Manifest) -> Manifest:
    return sent | {"metadata": sent["metadata"] | conditions}


def _yielded(manifest: Manifest, stance: ConflictPolicy, error: FieldConflict) -> Manifest:
    """Leave out the fields that are left to whoever holds them; all others may be taken.

    Raises:
        ConflictError: some are neither to be taken nor to be left to whoever holds them.
    """
    ref = ref_of(manifest)
    held = stance.judge(ref, error.holders)
    if not held:
        raise ConflictError(str(error)) from error
    if refusal := refused({ref: held}):
        raise refusal from error
    return without_held(manifest, held)
