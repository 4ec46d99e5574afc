import hashlib
import json
from pathlib import Path

import pytest

from atoll_hub import person


def hashed(stem, user):
    return f"{stem}--{hashlib.sha256(user.encode()).hexdigest()[:8]}"


@pytest.mark.parametrize(
    ("user", "want"),
    [
        ("ada", "ada"),
        ("Ada", "ada"),
        ("a", "a"),
        ("ada-lovelace", "ada-lovelace"),
        ("a" * 40, "a" * 40),
        ("a" * 41, hashed("a" * 30, "a" * 41)),
        ("ada--lovelace", hashed("ada-lovelace", "ada--lovelace")),
        ("ada@example.com", hashed("ada-example-com", "ada@example.com")),
        ("-ada-", hashed("ada", "-ada-")),
        ("ada.", hashed("ada", "ada.")),
        ("Å", hashed("x", "Å")),
        ("a" * 30 + ".b" * 10, hashed("a" * 30, "a" * 30 + ".b" * 10)),
        ("123", "123"),
    ],
)
def test_slug(user, want):
    assert person.slug(user) == want
    assert len(person.slug(user)) <= 40


CASES = json.loads((Path(__file__).parents[4] / "internal" / "person" / "testdata" / "slugs.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_operator_states_the_same_rule(case):
    assert person.slug(case["user"]) == case["slug"]


def test_names_derive_from_the_slug():
    assert person.service_account("ada") == "person-ada"
    assert person.home("ada") == "home-ada"
    assert person.pod("ada") == "notebook-ada"
