"""How generated values look, to whoever asks for them, and what is said of making one anew."""

from collections.abc import Iterable, Sequence

from stackctl.actions.credentials import GeneratedValue, Rotation
from stackctl.cli.report.rendering import Document, Rendering, document, known, ref_document
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import Paint, plain
from stackctl.model.ownership.stack_id import StackId
from stackctl.secrets import HIDDEN


def credential_lines(found: Sequence[GeneratedValue], paint: Paint, *, values: bool) -> list[str]:
    """List values, or where they are."""
    rows = [
        (
            each.name,
            f"{each.secret.namespace}/{each.secret.name}",
            each.key,
            each.kind or "set",
            _printable(_shown(each, values=values)),
        )
        for each in found
    ]
    # Not as other tables: those hide what is secret, and here it was asked for.
    header = ("NAME", "SECRET", "KEY", "KIND", "VALUE")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    head = paint(_line(header, widths), "bold")
    return [head, *(_line(row, widths) for row in rows)]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip()


def _shown(each: GeneratedValue, *, values: bool) -> str:
    if not each.value:
        return "-"
    return each.value if values else HIDDEN


def _printable(value: str) -> str:
    """Drop what would move the cursor; unlike elsewhere, what is secret was asked for."""
    return "".join(each for each in value if each.isprintable())


def credentials_document(
    stack: StackId, found: Iterable[GeneratedValue], *, values: bool
) -> Document:
    """Describe values, or where they are."""
    return document(
        "CredentialList",
        stack=str(stack),
        items=[
            known(
                name=each.name,
                secret=ref_document(each.secret),
                key=each.key,
                generate=each.kind or None,
                value=_shown(each, values=values) if each.value else None,
            )
            for each in found
        ],
    )


def rotation_lines(found: Rotation) -> list[str]:
    """Say what would be made anew, or was."""
    lines = [f"{plain(found.name)} in {', '.join(map(str, found.written))}"]
    if found.readers:
        lines.append(f"  read when they start: {', '.join(map(str, found.readers))}")
    return lines


def rotation_result(stack: StackId, found: Rotation) -> Rendering:
    """Say what was made anew, and who has to start again."""
    return Rendering(
        document=lambda: document(
            "CredentialRotation",
            stack=str(stack),
            name=found.name,
            agreed=found.agreed,
            written=[ref_document(each) for each in found.written],
            readers=[ref_document(each) for each in found.readers],
        ),
        lines=lambda page: _rotated(found, page.paint) if found.agreed else [],
    )


def _rotated(found: Rotation, paint: Paint) -> list[str]:
    lines = [f"{paint('rotated:', 'green', 'bold')} {plain(found.name)}"]
    lines += [f"  {each}" for each in found.written]
    return lines + [
        TYPED.addressed(
            f"  → kubectl rollout restart -n {each.namespace} {each.kind.lower()}/{each.name}"
        )
        for each in found.readers
        if each.kind in ("Deployment", "StatefulSet", "DaemonSet")
    ]
