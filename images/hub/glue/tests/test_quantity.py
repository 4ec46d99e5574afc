from decimal import Decimal

import pytest

from atoll_hub import quantity


@pytest.mark.parametrize(
    ("text", "want"),
    [("500m", "0.5"), ("2", "2"), (2, "2"), ("1.5Gi", "1610612736"), ("1e3", "1000"), ("1k", "1000"), ("1Ki", "1024")],
)
def test_parse(text, want):
    assert quantity.parse(text) == Decimal(want)


@pytest.mark.parametrize("text", ["", "Gi", "1GiB", "1 Gi", "a", "1mi", "--1"])
def test_parse_refuses(text):
    with pytest.raises(ValueError, match=r"quantity|Invalid"):
        quantity.parse(text)


def test_for_people():
    assert quantity.cores("500m") == "0.5"
    assert quantity.cores("10") == "10"
    assert quantity.memory("1536Mi") == "1.5 GiB"
    assert quantity.memory("512Mi") == "512 MiB"
    assert quantity.memory("100") == "100 B"
