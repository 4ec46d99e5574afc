from conftest import eventually
from objects import GPU, PYTHON, group, user, workspace

FRAUD = workspace("fraud", members=[user("ada"), group("analysts")], profiles=["python"])
RESEARCH = workspace("research", members=[user("ada", "Viewer")], profiles=["gpu"])


def text(page, selector):
    return " ".join(page.select_one(selector).get_text(" ").split())


async def test_the_login_page_offers_one_way_in(app, sign_in):
    browser = await sign_in("nobody")
    await browser.open("/hub/logout")
    browser.session.cookie_jar.clear()
    status, page = await browser.open("/hub/login")
    assert status == 200
    assert "single sign-on" in page.get_text()
    assert page.select_one("a.btn-jupyter")["href"].startswith("/hub/oauth_login")
    assert not page.select("input[type=password]")


async def test_home_shows_the_workspaces_one_belongs_to(world, sign_in):
    world([FRAUD, RESEARCH, workspace("secret")], [PYTHON, GPU])
    ada = await sign_in("ada")
    status, page = await ada.open("/hub/home")
    assert status == 200
    assert [c["id"] for c in page.select("section")] == ["workspace-fraud", "workspace-research"]
    assert page.select_one("#start-fraud")["href"] == "/hub/spawn/ada/fraud"
    assert "Python" in text(page, "#workspace-fraud")
    assert "secret" not in page.get_text().lower()


async def test_a_viewer_is_told_why_there_is_no_start(world, sign_in):
    world([FRAUD, RESEARCH], [PYTHON, GPU])
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/home")
    assert page.select_one("#start-research") is None
    assert "viewer" in text(page, "#note-research")
    assert "olga" in text(page, "#note-research")


async def test_home_explains_itself_to_those_who_belong_nowhere(world, sign_in):
    world([FRAUD], [PYTHON])
    eve = await sign_in("eve", groups=["guests"])
    _, page = await eve.open("/hub/home")
    assert not page.select("section")
    assert "eve" in text(page, "#no-workspaces")
    assert "guests" in text(page, "#no-workspaces")


async def test_a_group_member_sees_the_workspace(world, sign_in):
    world([FRAUD], [PYTHON])
    bob = await sign_in("bob", groups=["analysts"])
    _, page = await bob.open("/hub/home")
    assert page.select_one("#start-fraud")


async def test_the_spawn_page_offers_the_workspace_s_profiles_only(world, sign_in):
    world([FRAUD, RESEARCH], [PYTHON, GPU])
    # Somebody who has never chosen anything.
    penny = await sign_in("penny", groups=["analysts"])
    status, page = await penny.open("/hub/spawn/penny/fraud")
    assert status == 200
    assert [i["value"] for i in page.select("input[name=profile]")] == ["python"]
    sizes = page.select("input[name='size:python']")
    assert [(i["value"], i.has_attr("checked")) for i in sizes] == [("small", False), ("large", True)]
    assert "0.1 to 1 CPU, 256 MiB to 1 GiB memory" in text(page, "label[for=size-python-small]")
    assert "JupyterLab & pandas" in page.get_text()


async def test_text_of_a_profile_is_text(world, sign_in):
    evil = {**PYTHON, "spec": {**PYTHON["spec"], "displayName": "<script>alert(1)</script>{{ user }}"}}
    world([FRAUD], [evil])
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    assert "<script>alert(1)</script>{{ user }}" in page.get_text()


async def test_the_unnamed_server_leads_to_the_home_page(world, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    for path in ("/hub/spawn", "/hub/spawn/ada"):
        await ada.open(path)
        assert ada.at == "/hub/home"


async def test_a_stranger_gets_no_spawn_page(app, world, sign_in):
    world([FRAUD], [PYTHON])
    eve = await sign_in("eve")
    for name in ("fraud", "nowhere"):
        status, page = await eve.open(f"/hub/spawn/eve/{name}")
        assert status == 403
        assert "not a member" in text(page, "#error-message")
        assert page.select_one("#home-link")["href"] == "/hub/home"
        assert "Python" not in page.get_text()
    assert set(app.users["eve"].orm_user.orm_spawners) <= {""}


async def test_one_cannot_start_for_another(world, sign_in):
    world([FRAUD], [PYTHON])
    await sign_in("ada")
    bob = await sign_in("bob", groups=["analysts"])
    status, _ = await bob.open("/hub/spawn/ada/fraud")
    assert status in (403, 404)


async def test_picking_a_profile_and_a_size_starts_a_server(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    status, _ = await ada.submit(page, **{"size:python": "small"})
    assert (status, ada.at) == (302, "/hub/spawn-pending/ada/fraud")
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    pod = cluster.objects["Pod", "ws-fraud", "notebook-ada"]
    assert pod.metadata.labels["atoll.dev/profile"] == "python"
    assert pod.spec.containers[0].resources.limits["cpu"] == "1"
    _, page = await ada.open("/hub/home")
    assert text(page, "#state-fraud") == "Running"
    assert page.select_one("#open-fraud")["href"] == "/user/ada/fraud/"
    assert "hidden" in page.select_one("#start-fraud")["class"]


async def test_a_forged_form_is_refused_and_the_form_comes_back(world, cluster, sign_in):
    world([FRAUD, workspace("secret", profiles=["gpu"])], [PYTHON, GPU])
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    for forged, says, code in (
        ({"profile": "gpu"}, "'gpu' is no profile of workspace Fraud", 403),
        ({"size:python": "huge"}, "'huge' is no size of profile Python", 403),
        ({"workspace": "secret"}, "'secret'", 400),
        ({"image": "evil"}, "'image'", 400),
    ):
        status, answer = await ada.submit(page, **forged)
        assert status == code, forged
        assert says in text(answer, ".spawn-error-msg")
        assert answer.select_one("#workspace")["data-workspace"] == "fraud"
    assert not cluster.objects


async def test_a_form_without_its_token_is_refused(world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    status, _ = await ada.post("/hub/spawn/ada/fraud", {"profile": "python"})
    assert status == 403
    assert not cluster.objects


async def test_the_last_choice_is_selected_next_time(app, world, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    assert (await ada.api("POST", "/users/ada/servers/fraud", {"size": "small"}))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    await ada.api("DELETE", "/users/ada/servers/fraud")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    assert page.select_one("#size-python-small").has_attr("checked")


async def test_a_server_outlives_the_membership_visibly(app, world, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    await ada.api("POST", "/users/ada/servers/fraud")
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    world([workspace("fraud")], [PYTHON])
    _, page = await ada.open("/hub/home")
    assert "no longer belong" in text(page, "#note-fraud")
    assert page.select_one("#stop-fraud")
    assert page.select_one("#start-fraud") is None


async def test_an_unknown_address_says_so(world, sign_in):
    ada = await sign_in("ada")
    status, page = await ada.open("/hub/no-such-page")
    assert status == 404
    assert "nothing at this address" in text(page, "#error-message")


async def test_signing_out_ends_the_session_at_the_provider(world, provider, sign_in):
    ada = await sign_in("ada")
    provider.logouts.clear()
    await ada.open("/hub/logout")
    assert len(provider.logouts) == 1
    assert provider.logouts[0]["id_token_hint"] == "id-of-ada"
    assert provider.logouts[0]["client_id"] == "atoll-hub"
    assert provider.logouts[0]["post_logout_redirect_uri"].endswith("/hub/login")
    await ada.open("/hub/home")
    assert ada.at == "/hub/login"


async def test_metrics_are_served_to_prometheus(app, world, sign_in):
    ada = await sign_in("ada")
    status, page = await ada.open("/hub/metrics")
    assert status == 200
    assert "atoll_hub_view_staleness_seconds" in page.get_text()
