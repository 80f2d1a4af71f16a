"""How long a build takes: from experience before it begins, from its own pace afterwards."""

import math

# Fetched for a build: the sources of the modules, and a toolchain where there is none.
SOURCES_MB = 95
TOOLCHAIN_MB = 70
_CORE_SECONDS = 660.0  # of compiling everything
_LINK_SECONDS = 40.0  # one core does that
_TELLING = 0.1  # of the packages have to be done before their pace says anything


def build_seconds(cores: int) -> float:
    """Guess how long a whole build takes."""
    return _CORE_SECONDS / cores + _LINK_SECONDS


def build_text(cores: int, *, with_toolchain: bool) -> str:
    """Say what a build will take, before it begins."""
    minutes = math.ceil(build_seconds(cores) / 60)
    size = SOURCES_MB + (TOOLCHAIN_MB if with_toolchain else 0)
    return (
        "the sandbox's programs are built from source, once: about "
        f"{minutes} minute{'' if minutes == 1 else 's'} on {cores} core"
        f"{'' if cores == 1 else 's'}, and {size} MB to download"
    )


def seconds_left(done: int, total: int, spent: float, cores: int) -> float:
    """Guess how long a build goes on, linking included."""
    if done < total * _TELLING:
        return max(build_seconds(cores) - spent, _LINK_SECONDS)
    return spent / done * (total - done) + _LINK_SECONDS


def link_seconds() -> float:
    """Guess how long linking takes."""
    return _LINK_SECONDS
