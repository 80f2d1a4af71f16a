"""What an upgrade brings along, put together from the record, the catalogue and the plan."""

from stackctl.actions.compose import Composed
from stackctl.cluster.change.intent import RunIntent
from stackctl.model.plan.upgrades import Review, passages, require_allowed
from stackctl.model.plan.warnings import worth_knowing
from stackctl.model.release.history import version_changes
from stackctl.model.run.outcome import TargetInfo


def review(composed: Composed, intent: RunIntent, target: TargetInfo) -> Review | None:
    """Compare what is recorded with what was composed; None where nothing is recorded.

    Raises:
        ConflictError: a component forbids the way from its version to the new one.
    """
    if intent.recorded is None:
        return None
    release = intent.recorded.release
    after = {part.name: part.version for part in composed.bundle.components}
    versions = version_changes(release.components, after)
    parts = composed.selection.components
    found = passages(
        versions, {each.component.name: each.component.spec.upgrades for each in parts}
    )
    require_allowed(found)
    return Review(
        revision=release.revision,
        profiles=(release.profile, composed.bundle.profile),
        versions=versions,
        passages=found,
        attention=worth_knowing(intent.plan, versions, target.version),
    )
