"""Kubernetes quantities ("500m", "2", "1.5Gi") as numbers and as people read them."""

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]i?|Ki))?")
_SCALE = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9),
    "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30),
    "Ti": Decimal(2**40), "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


def parse(text: str | int | float) -> Decimal:
    """The value of a quantity; ValueError where it is none."""
    match = _FORM.fullmatch(str(text).strip())
    if match is None or (match[3] or "") not in _SCALE:
        raise ValueError(f"{text!r} is not a quantity such as 500m, 2 or 1.5Gi")
    return Decimal(match[1] + (match[2] or "")) * _SCALE[match[3] or ""]


def cores(text: str | int | float) -> str:
    """CPU as people read it: "0.5", "2"."""
    return _plain(parse(text))


def memory(text: str | int | float) -> str:
    """Memory as people read it, in the largest binary unit that keeps it short: "512 MiB", "1.5 GiB"."""
    value = parse(text)
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if value >= _SCALE[unit]:
            return f"{_plain((value / _SCALE[unit]).quantize(Decimal('0.1')))} {unit}B"
    return f"{_plain(value)} B"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
