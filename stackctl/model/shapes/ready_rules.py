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

    current: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    state: str = field(
        default="",
        metadata={"help": "path of the word; unsaid: the types of the conditions that are true"},
    )
    message: str = field(default="", metadata={"help": "path of what is said beside the word"})
    exists: bool = field(
        default=False, metadata={"help": "nobody reports on it: ready as soon as it is there"}
    )


ReadyRules = Mapping[str, ReadyRule]  # by Kind.group, or Kind.group/NAME for one object
NO_RULES: ReadyRules = {}


def rule_of(rules: ReadyRules, kind: GroupKind, name: str) -> ReadyRule | None:
    """Return the rule for an object: its own, else that of its kind."""
    key = ".".join((kind[1], kind[0]))
    return rules.get(f"{key}/{name}") or rules.get(key)


def kinds_in(rules: ReadyRules) -> frozenset[GroupKind]:
    """Return the kinds that rules are about."""
    return frozenset(map(_group_kind, rules))


def rules_for(kinds: frozenset[GroupKind], rules: ReadyRules) -> ReadyRules:
    """Return the rules of some kinds."""
    return {name: rule for name, rule in rules.items() if _group_kind(name) in kinds}


def is_late(item: tuple[str, ReadyRule]) -> bool:
    """Tell a rule as they were not in the beginning: of one object, or of what reports nothing."""
    name, rule = item
    return rule.exists or "/" in name


def rule_problems(rules: ReadyRules) -> list[Problem]:
    """Return what is wrong with rules, beyond what their types say."""
    problems = []
    for name, rule in rules.items():
        if not all(_group_kind(name)) or name.endswith("/") or name.count("/") > 1:
            what = "expected Kind.group, such as TFJob.kubeflow.org, or Kind.group/NAME"
            problems.append(Problem((name,), what))
        if rule.exists == bool(rule.current or rule.failed or rule.state or rule.message):
            what = "expected words in current, or exists: true and nothing else"
            problems.append(Problem((name,), what))
        elif not rule.exists and not rule.current:
            problems.append(Problem((name,), "current is missing"))
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
    kind, _, group = name.partition("/")[0].partition(".")
    return group, kind
