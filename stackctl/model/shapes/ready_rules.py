"""By which words objects of kinds that are not built in tell that they are ready.

Components declare them; they are applied by `readiness`, and recorded with what they judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import GroupKind
from stackctl.model.shapes.decode import Problem, decode


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """The words that say that an object is ready, and those that say that it never will be."""

    current: tuple[str, ...]
    failed: tuple[str, ...] = ()
    state: str = field(
        default="",
        metadata={"help": "path of the word; unsaid: the types of the conditions that are true"},
    )
    message: str = field(default="", metadata={"help": "path of what is said beside the word"})


ReadyRules = Mapping[str, ReadyRule]  # by Kind.group
NO_RULES: ReadyRules = {}


def by_kind(rules: ReadyRules) -> dict[GroupKind, ReadyRule]:
    """Return the rules by group and kind."""
    return {_group_kind(name): rule for name, rule in rules.items()}


def rules_for(kinds: frozenset[GroupKind], rules: ReadyRules) -> ReadyRules:
    """Return the rules of some kinds."""
    return {name: rule for name, rule in rules.items() if _group_kind(name) in kinds}


def rule_problems(rules: ReadyRules) -> list[Problem]:
    """Return what is wrong with rules, beyond what their types say."""
    problems = []
    for name, rule in rules.items():
        if not all(_group_kind(name)):
            problems.append(Problem((name,), "expected Kind.group, such as TFJob.kubeflow.org"))
        for key in ("state", "message"):
            try:
                paths.parse(getattr(rule, key) or "status")
            except paths.PathError as error:
                problems.append(Problem((name, key), str(error)))
    return problems


def read_rules(plain: Mapping[str, Any]) -> ReadyRules:
    """Read rules that were recorded as `encoded` writes them.

    Raises:
        ValueError: they are not right.
    """
    rules = {name: decode(ReadyRule, rule, (name,)) for name, rule in plain.items()}
    for problem in rule_problems(rules):
        raise ValueError(str(problem))
    return rules


def _group_kind(name: str) -> GroupKind:
    kind, _, group = name.partition(".")
    return group, kind
