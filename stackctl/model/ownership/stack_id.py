"""Which stack is meant: its name, and the namespace that its record is kept in.

Two tenants may both have a stack `gpu8`; whatever is to tell them apart (label, field manager,
lock) is written here and nowhere else.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from stackctl.model.objects.refs import FIELD_MANAGER, RECORD_NAMESPACE, STACK_LABEL

LONGEST_LABEL = 63
_HASHED = 12
_SMOKE = "smoke-"


@dataclass(frozen=True, order=True, slots=True)
class StackId:
    """A stack on a cluster; prints `gpu8`, a tenant's `team-a/gpu8`."""

    name: str
    namespace: str = RECORD_NAMESPACE

    def __str__(self) -> str:
        return self.name if self.administrators else f"{self.namespace}/{self.name}"

    @property
    def administrators(self) -> bool:
        """Its record is where only administrators write; any other may be a tenant's."""
        return self.namespace == RECORD_NAMESPACE

    @classmethod
    def for_smoke(cls, component: str, namespace: str) -> "StackId":
        """Return the stack of a component's smoke test: it is there while the test is."""
        return cls(f"{_SMOKE}{component}"[:LONGEST_LABEL].rstrip("-"), namespace)

    @property
    def is_smoke(self) -> bool:
        """It is a smoke test, and no stack that anybody has deployed."""
        return self.name.startswith(_SMOKE)

    @property
    def label(self) -> str:
        """What its objects carry as `stackctl.dev/stack`: no other stack has the same."""
        return _label_of(self)

    @property
    def selector(self) -> str:
        """The label selector that finds its objects."""
        return f"{STACK_LABEL}={self.label}"

    @property
    def manager(self) -> str:
        """Who it is to the API server: one field manager for each stack."""
        return f"{FIELD_MANAGER}/{self.label}"

    @classmethod
    def labelled(cls, label: str) -> "StackId":
        """Read what a label says; one that was too long for its names is a name by itself."""
        namespace, _, name = label.rpartition(".")
        return cls(name, namespace) if namespace and "." not in namespace else cls(label)

    @classmethod
    def parse(cls, text: str) -> "StackId":
        """Read what `str` wrote."""
        namespace, slash, name = text.rpartition("/")
        return cls(name, namespace) if slash else cls(name)


@cache  # asked for with every object
def _label_of(stack: StackId) -> str:
    # Neither a name nor a namespace has a dot in it.
    text = str(stack).replace("/", ".")
    if len(text) <= LONGEST_LABEL:
        return text
    mark = sha256(text.encode()).hexdigest()[:_HASHED]
    return f"{text[: LONGEST_LABEL - 1 - _HASHED].rstrip('-.')}.{mark}"
