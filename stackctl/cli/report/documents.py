"""What `-o json` and `-o yaml` print: one document with apiVersion and kind for each result.

The shapes are for programs: fields are added, never renamed. Manifests never appear in them, for
they may hold secrets; `render` prints those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.errors import ConfigError, Rejected, StackError

if TYPE_CHECKING:  # the commands that print only a part of this should not load all of it
    from collections.abc import Iterable, Mapping

    from stackctl.model.catalogue.component import Component
    from stackctl.model.catalogue.profile import Profile
    from stackctl.model.compose.diff import Difference
    from stackctl.model.objects.refs import Ref
    from stackctl.model.plan.plan import Change, Drift, Plan
    from stackctl.model.plan.upgrades import Review
    from stackctl.model.privileges.privileges import Privilege
    from stackctl.model.release.release import Release
    from stackctl.model.run.outcome import (
        ComponentStatus,
        DeployOutcome,
        ObjectStatus,
        Residue,
        StackStatus,
        TargetInfo,
        TeardownOutcome,
    )

API_VERSION = "stackctl.dev/v1alpha1"
Document = dict[str, Any]


def document(kind: str, **fields: Any) -> Document:
    """Start a document, leaving out what has no value."""
    head: Document = {"apiVersion": API_VERSION, "kind": kind}
    return head | {key: value for key, value in fields.items() if value is not None}


def error_document(error: StackError, code: int) -> Document:
    """Describe a failure."""
    return document(
        "Error",
        reason=type(error).__name__,
        exitCode=code,
        message=str(error),
        hint=error.hint,
        problems=list(error.problems) if isinstance(error, ConfigError) else None,
        server=_refusal(error) if isinstance(error, Rejected) else None,
    )


def results_document(found: Mapping[str, Document]) -> Document:
    """Put the results of several clusters into one document, each with its context."""
    return document(
        "ResultList", items=[{"context": context} | each for context, each in found.items()]
    )


def plan_document(plan: Plan, target: TargetInfo) -> Document:
    """Describe what would happen."""
    return document("Plan", target=_target(target), **_plan(plan))


def deploy_document(outcome: DeployOutcome) -> Document:
    """Describe what a deploy did."""
    return document(
        "DeployOutcome",
        target=_target(outcome.target),
        dryRun=outcome.dry_run,
        agreed=outcome.agreed,
        seconds=round(outcome.seconds, 1),
        review=_review(outcome.review) if outcome.review else None,
        plan=_plan(outcome.plan),
        release=_release(outcome.release) if outcome.release else None,
        components=[{"name": name, "state": state} for name, state in outcome.components.items()],
    )


def teardown_document(outcome: TeardownOutcome) -> Document:
    """Describe what a teardown did and found."""
    return document(
        "TeardownOutcome",
        target=_target(outcome.target),
        dryRun=outcome.dry_run,
        agreed=outcome.agreed,
        seconds=round(outcome.seconds, 1),
        plan=_plan(outcome.plan),
        residue=_residue(outcome.residue),
        kept=_residue(outcome.kept),
        unseen=list(outcome.unseen),
    )


def status_document(status: StackStatus) -> Document:
    """Describe how a stack stands."""
    return document(
        "StackStatus",
        stack=str(status.release.stack),
        current=status.current,
        target=_target(status.target),
        release=_release(status.release),
        lockedBy=status.locked_by or None,
        components=[_component_status(part) for part in status.components],
        gpus=[
            {
                "resource": each.resource,
                "allocatable": each.allocatable,
                "expected": each.expected,
                "nodes": dict(each.nodes),
            }
            for each in status.gpus
        ],
        unseen=list(status.unseen),
    )


def profiles_document(profiles: Iterable[Profile]) -> Document:
    """List profiles."""
    items = [
        {
            "name": each.name,
            "description": each.description,
            "extends": each.extends,
            "mixins": list(each.mixins),
            "components": list(each.components),
            "path": each.path,
        }
        for each in profiles
    ]
    return document("ProfileList", items=items)


def components_document(
    components: Iterable[Component], asked: Mapping[str, Iterable[Privilege]] | None = None
) -> Document:
    """List components with what can be set; of a single one, also what it asks for, by feature."""
    items = [_component(each) for each in components]
    if asked is not None:
        items[0]["privileges"] = [
            _privilege(each) | ({"feature": feature} if feature else {})
            for feature, found in asked.items()
            for each in found
        ]
    return document("ComponentList", items=items)


def _component(each: Component) -> Document:
    from stackctl.model.resolve.confidential import confidential, shown_default

    spec = each.spec
    return {
        "name": each.name,
        "description": each.description,
        "version": spec.version,
        "namespace": spec.namespace,
        "project": spec.upstream.project if spec.upstream else None,
        "requires": list(spec.requires),
        "provides": list(spec.provides),
        "parameters": {
            name: {
                "type": parameter.type,
                "default": shown_default(name, parameter),
                "secret": confidential(name, parameter),
                "description": parameter.description,
            }
            for name, parameter in spec.parameters.items()
        },
        "features": {
            name: {"default": feature.default, "description": feature.description}
            for name, feature in spec.features.items()
        },
        "images": [image.reference for image in spec.images],
        "folder": each.folder,
    }


def _target(target: TargetInfo) -> Document:
    return {
        "context": target.context,
        "server": target.server,
        "clusterUID": target.cluster_uid,
        "version": target.version,
        "simulated": target.simulated,
    }


def _plan(plan: Plan) -> Document:
    from stackctl.model.privileges.privileges import newly_asked

    return {
        "stack": str(plan.stack),
        "profile": plan.profile,
        "empty": plan.empty,
        "counts": {action.value: count for action, count in plan.counts.items()},
        "privileges": [_privilege(each) for each in newly_asked(plan)],
        "changes": [_change(change) for change in plan.changes],
    }


def _privilege(each: Privilege) -> Document:
    found: Document = {
        "component": each.component,
        "sort": each.sort.value,
        "object": _ref(each.object),
        "what": each.what,
    }
    return found | ({"whom": each.whom} if each.whom else {})


def _review(review: Review) -> Document:
    before, after = review.profiles
    return {
        "revision": review.revision,
        "profile": {"before": before, "after": after},
        "components": [
            {"name": each.component, "before": each.before, "after": each.after}
            for each in review.versions
        ],
        "upgrades": [
            {
                "component": passage.change.component,
                "verdict": passage.verdict.value,
                "rules": [
                    {"verdict": rule.verdict, "reason": rule.reason, "steps": list(rule.steps)}
                    for rule in passage.rules
                ],
            }
            for passage in review.passages
        ],
        "attention": [
            {"topic": each.topic.value, "subject": each.subject, "message": each.message}
            for each in review.attention
        ],
    }


def _change(change: Change) -> Document:
    found: Document = {
        **_ref(change.ref),
        "component": change.component,
        "action": change.action.value,
    }
    if change.reason:
        found["reason"] = change.reason
    if change.differences:
        found["differences"] = [_difference(each) for each in change.differences]
    if change.drift:
        found["drift"] = [_drift(each) for each in change.drift]
    return found


def _difference(each: Difference) -> Document:
    from stackctl.model.compose.diff import MISSING

    sides = {"old": each.old, "new": each.new}
    return {"path": each.path} | {k: v for k, v in sides.items() if v is not MISSING}


def _drift(each: Drift) -> Document:
    return {"manager": each.manager, "time": each.time, "fields": list(each.fields)}


def _ref(ref: Ref) -> Document:
    return {"group": ref.group, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _release(release: Release) -> Document:
    from stackctl.model.resolve.overrides import shown

    return {
        "stack": str(release.stack),
        "revision": release.revision,
        "status": release.status.value,
        "profile": release.profile,
        "components": dict(release.components),
        "sets": shown(release.sets),
        "bundle": release.bundle,
        "clusterUID": release.cluster,
        "by": release.by,
        "tool": release.tool,
        "begun": release.begun,
        "finished": release.finished,
        "message": release.message,
        "objects": len(release.inventory),
    }


def _component_status(part: ComponentStatus) -> Document:
    return {
        "name": part.name,
        "version": part.version,
        "namespace": part.namespace,
        "status": part.status.value,
        "ready": part.ready,
        "total": part.total,
        "message": part.message,
        "objects": [_object_status(item) for item in part.objects],
    }


def _object_status(item: ObjectStatus) -> Document:
    return {
        **_ref(item.ref),
        "status": item.status.value,
        "message": item.message,
        "drift": [_drift(each) for each in item.drift],
    }


def _residue(found: Iterable[Residue]) -> list[Document]:
    return [{**_ref(each.ref), "why": each.why} for each in found]


def _refusal(error: Rejected) -> Document:
    return {"status": error.status, "reason": error.reason, "causes": list(error.causes)}
