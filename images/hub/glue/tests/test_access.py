import pytest
from objects import GPU, PYTHON, group, user, workspace

from atoll_hub import access, model
from atoll_hub.model import Person, Role
from atoll_hub.refusal import Refused

ADA = Person("ada")
BOB = Person("bob", frozenset({"analysts"}))
EVE = Person("eve", frozenset({"guests"}))

PROFILES = {p.name: p for p in map(model.profile, (PYTHON, GPU))}


def world(*objects):
    return {w.name: w for w in map(model.workspace, objects)}


FRAUD = workspace("fraud", members=[user("ada"), group("analysts", "Viewer")], profiles=["gpu", "python", "gone"])


@pytest.mark.parametrize(
    ("members", "person", "want"),
    [
        ([], ADA, None),
        ([user("ada")], ADA, Role.MEMBER),
        ([user("Ada")], ADA, Role.MEMBER),
        ([user("ada", "Viewer")], ADA, Role.VIEWER),
        ([], Person("olga"), Role.OWNER),
        ([user("olga", "Viewer")], Person("olga"), Role.OWNER),
        ([group("analysts")], BOB, Role.MEMBER),
        ([group("Analysts")], BOB, None),
        ([group("bob")], BOB, None),
        ([user("analysts")], BOB, None),
        ([user("bob", "Viewer"), group("analysts")], BOB, Role.MEMBER),
        ([group("analysts")], EVE, None),
    ],
)
def test_role(members, person, want):
    assert model.workspace(workspace("fraud", members=members)).role(person) is want


def test_a_member_without_a_role_is_a_member():
    assert model.workspace(workspace("w", members=[{"kind": "User", "name": "ada"}])).role(ADA) is Role.MEMBER


def test_visible_is_what_one_belongs_to_by_display_name():
    workspaces = world(
        workspace("zeta", displayName="alpha", members=[user("ada")]),
        workspace("beta", displayName="Beta", members=[user("ada", "Viewer")]),
        workspace("other"),
    )
    assert [(w.name, role) for w, role in access.visible(workspaces, ADA)] == [
        ("zeta", Role.MEMBER),
        ("beta", Role.VIEWER),
    ]
    assert access.visible(workspaces, EVE) == []


def test_offered_profiles_are_the_allowed_ones_that_exist():
    assert [p.name for p in access.offered(world(FRAUD)["fraud"], PROFILES)] == ["gpu", "python"]


@pytest.mark.parametrize(
    ("options", "want"),
    [
        (None, ("gpu", "one")),
        ({}, ("gpu", "one")),
        ({"profile": "python"}, ("python", "large")),
        ({"profile": "python", "size": "small"}, ("python", "small")),
        ({"profile": "", "size": ""}, ("gpu", "one")),
        ({"workspace": "fraud", "profile": "python"}, ("python", "large")),
    ],
)
def test_choose(options, want):
    choice = access.choose(world(FRAUD), PROFILES, ADA, "fraud", options)
    assert (choice.profile.name, choice.size.name) == want
    assert choice.options == {"workspace": "fraud", "profile": want[0], "size": want[1]}


@pytest.mark.parametrize(
    ("person", "name", "options", "status", "says"),
    [
        (ADA, "", {}, 400, "belongs to a workspace"),
        (EVE, "fraud", {}, 403, "not a member"),
        (ADA, "nowhere", {}, 403, "not a member"),
        (BOB, "fraud", {}, 403, "viewer"),
        (ADA, "fraud", {"workspace": "research"}, 400, "'research'"),
        (ADA, "fraud", {"profile": "gone"}, 403, "choose one of gpu, python"),
        (ADA, "fraud", {"profile": "gpu", "size": "small"}, 403, "choose one of one"),
        (ADA, "fraud", {"image": "evil"}, 400, "'image'"),
        (ADA, "fraud", {"profile": ["python"]}, 400, "must be a string"),
        (ADA, "fraud", ["python"], 400, "object"),
        (ADA, "fraud", "python", 400, "object"),
    ],
)
def test_choose_refuses(person, name, options, status, says):
    with pytest.raises(Refused) as refused:
        access.choose(world(FRAUD), PROFILES, person, name, options)
    assert refused.value.status_code == status
    assert says in refused.value.jupyterhub_message


def test_a_stranger_is_not_told_whether_a_workspace_exists():
    sentences = set()
    for name in ("fraud", "nowhere"):
        with pytest.raises(Refused) as refused:
            access.choose(world(FRAUD), PROFILES, EVE, name, {})
        sentences.add(refused.value.jupyterhub_message.replace(name, "X"))
    assert len(sentences) == 1


def test_a_workspace_without_namespace_is_not_ready():
    with pytest.raises(Refused) as refused:
        access.enter(world(workspace("fraud", ready=False, members=[user("ada")])), ADA, "fraud")
    assert refused.value.status_code == 503


def test_a_workspace_being_deleted_starts_nothing():
    obj = workspace("fraud", members=[user("ada")])
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    with pytest.raises(Refused) as refused:
        access.enter(world(obj), ADA, "fraud")
    assert "being deleted" in refused.value.jupyterhub_message


def test_a_workspace_without_profiles_names_its_owner():
    with pytest.raises(Refused) as refused:
        access.choose(world(FRAUD), {}, ADA, "fraud", {})
    assert "olga" in refused.value.jupyterhub_message


def test_names_keep_the_spelling_of_the_workspace():
    listed = model.workspace(workspace("fraud", owner="Olga", members=[user("Ada@X.org")]))
    assert listed.spelling(Person("ada@x.org")) == "Ada@X.org"
    assert listed.spelling(Person("olga")) == "Olga"
    assert listed.spelling(BOB) == "bob"
