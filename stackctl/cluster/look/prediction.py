"""What applying a manifest would make of an object that is there, by the server's own word.

Which objects are asked about is for `snapshot`; nothing is changed by asking.
"""

from dataclasses import dataclass

from stackctl.cluster.look.trial import takes_no_dry_run
from stackctl.cluster.sending import Sender
from stackctl.errors import Forbidden, Invalid, Rejected
from stackctl.model.objects.crd_changes import lost
from stackctl.model.objects.immutable import fixed_fields
from stackctl.model.objects.kinds import DEFINITION, kind_of
from stackctl.model.objects.merge import expected
from stackctl.model.objects.normalise import as_sent
from stackctl.model.objects.refs import STACK_LABEL, Manifest, labels_of
from stackctl.model.ownership.conflict_policy import ConflictPolicy
from stackctl.model.ownership.defaults import (
    Names,
    chosen_anew,
    emptied,
    in_the_way,
    without_choices,
)
from stackctl.model.ownership.managed_fields import after_takeover
from stackctl.model.ownership.ownership import HeldField, has_all_of
from stackctl.model.ownership.stack_id import StackId


@dataclass(frozen=True, slots=True)
class Prediction:
    """One object, and what applying the manifest would make of it."""

    live: Manifest
    result: Manifest
    fixed: tuple[str, ...] = ()  # fields that would have to change and cannot
    lost: tuple[str, ...] = ()  # why objects of a definition would be lost
    left: bool = False  # may not be changed by us, and will do as it is
    held: tuple[HeldField, ...] = ()  # by others, and what becomes of each
    untried: str = ""  # why nobody could say what would become of it


def predict(
    sender: Sender,
    path: str,
    manifest: Manifest,
    live: Manifest,
    stance: ConflictPolicy,
    *,
    moves: bool = False,
) -> Prediction:
    """Try in a dry run what applying an object would make of the one that is there.

    What moves on with its definition may not fit the one that is still there.
    """
    if _anothers(live, sender.stack) and has_all_of(live, manifest):
        return Prediction(live, live, left=True)
    filled: tuple[Names, ...] = ()
    try:
        forecast = sender.predict(path, manifest, stance)
    except (Forbidden, Rejected) as refusal:
        if expected := _expected(refusal, manifest, live, moves=moves):
            return expected
        causes = getattr(refusal, "causes", ())
        filled = in_the_way(live, manifest, causes)
        tried = without_choices(manifest, filled) if filled else emptied(live, manifest, causes)
        if tried is None:
            raise
        try:
            forecast = sender.predict(path, tried, stance)
        except Invalid:
            raise refusal from None
    after = after_takeover(live, forecast.result, sender.stack, adopting=stance.take)
    after = chosen_anew(after, manifest, filled)
    return Prediction(live, _defaulted(sender, path, forecast.result, after), held=forecast.held)


def _defaulted(sender: Sender, path: str, result: Manifest, after: Manifest) -> Manifest:
    """Let the server put back what it sets by itself where nobody says anything.

    Whoever creates or replaces an object claims the server's defaults as well; they come again
    when that claim goes.
    """
    said, then = (as_sent(each) for each in (result, after))
    steps = [{"op": "add", "path": f"/{key}", "value": then[key]} for key in _changed(said, then)]
    steps += [{"op": "remove", "path": f"/{key}"} for key in said if key not in then]
    if not steps:
        return after
    try:
        answer = sender.client.patch(path, steps, kind="json", dry_run=True)
    except (Forbidden, Rejected):  # what is planned is right, but for defaults
        return after
    return after | {key: value for key, value in as_sent(answer).items() if key != "metadata"}


def _changed(said: Manifest, then: Manifest) -> list[str]:
    return [key for key in then if key != "metadata" and then[key] != said.get(key)]


def _expected(
    refusal: Forbidden | Rejected, manifest: Manifest, live: Manifest, *, moves: bool
) -> Prediction | None:
    """Return what would become of an object whose dry run was refused; None where nobody knows."""
    if isinstance(refusal, Forbidden):
        return Prediction(live, live, left=True) if has_all_of(live, manifest) else None
    if isinstance(refusal, Invalid) and (fixed := fixed_fields(refusal.causes)):
        return Prediction(live, manifest, fixed=fixed)
    if kind_of(manifest) == DEFINITION and (reasons := tuple(lost(live, manifest))):
        return Prediction(live, manifest, lost=reasons)
    if takes_no_dry_run(refusal):
        return Prediction(live, expected(live, manifest), untried=str(refusal))
    return Prediction(live, expected(live, manifest)) if moves else None


def _anothers(live: Manifest, stack: StackId) -> bool:
    """Tell whether an object is signed by another stack: namespaces are shared."""
    label = labels_of(live).get(STACK_LABEL, stack.label)
    return label != stack.label
