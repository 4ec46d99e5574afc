"""Measures how full a home is, without becoming the load it measures."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

# A volume that is about as large as the home was promised is the home's own; a larger one is shared.
_OWN_VOLUME = 1.25
_AGAIN_AFTER_SECONDS = 600
# A count that takes long is worth less often: at most this share of the time is spent counting.
_SHARE_OF_TIME = 0.01
_BUDGET_SECONDS = 10.0
_BLOCK = 512


@dataclass(frozen=True)
class Use:
    """enforced: the storage lets nobody go beyond size. complete: all of it was counted; else it is at least used."""

    used: int
    size: int
    enforced: bool
    complete: bool


class Meter:
    """Counts at most every ten minutes, and less often where counting takes long."""

    def __init__(self, home: Path, size: int, clock: Callable[[], float] = time.monotonic):
        self._home, self._size, self._clock = home, size, clock
        self._last: Use | None = None
        self._next = 0.0

    def measure(self) -> dict | None:
        """The home's use as of the last count; None where its size is not known. It may block for seconds."""
        if self._size <= 0:
            return None
        own = own_volume(self._home, self._size)
        if own:
            return asdict(own)
        if self._last is None or self._clock() >= self._next:
            began = self._clock()
            used, complete = count(self._home, _BUDGET_SECONDS, self._clock)
            took = self._clock() - began
            self._next = self._clock() + max(_AGAIN_AFTER_SECONDS, took / _SHARE_OF_TIME)
            self._last = Use(used, self._size, enforced=False, complete=complete)
        return asdict(self._last)


def own_volume(home: Path, size: int) -> Use | None:
    """The use of a home that is a volume of its own, which the file system knows at no cost."""
    stat = os.statvfs(home)
    total = stat.f_blocks * stat.f_frsize
    if not 0 < total <= size * _OWN_VOLUME:
        return None
    # As people see it: what is left to them, without what is reserved for root.
    return Use(total - stat.f_bavail * stat.f_frsize, total, enforced=True, complete=True)


def count(home: Path, budget: float, clock: Callable[[], float] = time.monotonic) -> tuple[int, bool]:
    """The bytes that files take up, and whether the time was enough to count them all.

    Files with several names count once, links are not followed, other file systems are left out.
    """
    deadline = clock() + budget
    device = os.stat(home).st_dev
    used, seen, folders = 0, set(), [str(home)]
    while folders:
        if clock() >= deadline:
            return used, False
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    stat = entry.stat(follow_symlinks=False)
                    if stat.st_dev != device or (stat.st_nlink > 1 and stat.st_ino in seen):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif stat.st_nlink > 1:
                        seen.add(stat.st_ino)
                    used += stat.st_blocks * _BLOCK
        except OSError:
            # It went away while it was counted, or is not the person's to read.
            continue
    return used, True
