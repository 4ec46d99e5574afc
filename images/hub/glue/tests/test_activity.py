import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from conftest import serve
from tornado.httpclient import HTTPClientError

from atoll_hub import activity
from atoll_hub.activity import Activity, Asker, learn, read
from atoll_hub.annotations import Home

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
QUIET = {
    "version": 1,
    "lastActivity": "2026-11-21T11:00:00Z",
    "kernels": {"total": 1, "busy": 0},
    "terminals": [],
    "jobs": [],
    "home": None,
}


def job(command):
    return {"pid": 7, "command": command, "origin": "terminal"}


@pytest.mark.parametrize(
    ("answer", "busy"),
    [
        ({}, ()),
        ({"kernels": {"busy": 1}}, ("a kernel runs a cell",)),
        ({"kernels": {"busy": 3}}, ("3 kernels run cells",)),
        ({"jobs": [job("python train.py")]}, ("python train.py runs in it",)),
        ({"jobs": [job("a"), job("b")]}, ("a, b run in it",)),
        ({"jobs": [job(str(n)) for n in range(9)]}, ("0, 1, 2 and 6 more run in it",)),
        ({"kernels": {"busy": 1}, "jobs": [job("a")]}, ("a kernel runs a cell", "a runs in it")),
        ({"jobs": [job("x\ny\x1b[31m" + "z" * 99)]}, (f"x y [31m{'z' * 52} runs in it",)),
        ({"jobs": [job("")]}, ("a program runs in it",)),
    ],
)
def test_what_runs_is_told_in_words(answer, busy):
    assert read(QUIET | answer, NOW).busy == busy


def test_the_latest_sign_of_life_counts_and_none_from_the_future():
    answer = QUIET | {"terminals": [{"name": "1", "lastActivity": "2026-11-21T11:30:00+00:00"}]}
    assert read(answer, NOW).last_activity == NOW - timedelta(minutes=30)
    assert read(QUIET | {"lastActivity": "2036-01-01T00:00:00Z"}, NOW).last_activity == NOW


@pytest.mark.parametrize(
    ("home", "found"),
    [
        ({"used": 5, "size": 10, "enforced": False, "complete": True}, Home(5, 10, False, True)),
        ({"used": -5, "size": 10, "enforced": False, "complete": True}, None),
        ({"used": 5, "size": 0, "enforced": False, "complete": True}, None),
        (None, None),
        ("full", None),
    ],
)
def test_how_full_a_home_is(home, found):
    assert read(QUIET | {"home": home}, NOW).home == found


async def plain(path):
    answers = {
        "kernels": [{"execution_state": "busy", "last_activity": "2026-11-21T10:00:00Z"}],
        "terminals": [{"name": "1", "last_activity": "2026-11-21T11:45:00Z"}],
        "status": {"last_activity": "2026-11-21T11:00:00Z"},
    }
    if path not in answers:
        raise HTTPClientError(404)
    return answers[path]


async def test_an_image_without_the_extension_answers_as_jupyter_does():
    found = await learn(plain, NOW)
    assert found == Activity(NOW - timedelta(minutes=15), ("a kernel runs a cell",), activity.NO_PROCESSES)


async def test_an_image_without_terminals_is_no_error():
    async def get(path):
        if path == "terminals":
            raise HTTPClientError(404)
        return await plain(path)

    assert (await learn(get, NOW)).last_activity == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        json.dumps(QUIET | {"kernels": {"busy": "many"}}),
        json.dumps(QUIET | {"jobs": [1]}),
        json.dumps(QUIET | {"home": {"used": "x"}}),
        json.dumps(QUIET | {"terminals": None}),
        "x" * (1 << 20),
        "[" * 100_000,
    ],
)
async def test_whatever_a_server_answers_it_is_an_answer_or_none(body):
    runner, port = await serve_text(body)
    asker = Asker()
    try:
        found = await asker.ask(f"http://127.0.0.1:{port}/user/ada/fraud/", "token", NOW)
        assert found == Activity(None, unseen=activity.NO_ANSWER)
        assert await asker.ask("http://127.0.0.1:1/", "token", NOW) == found
    finally:
        asker.close()
        await runner.cleanup()


async def test_asking_is_no_activity_and_follows_nobody():
    seen = []

    async def answer(request):
        seen.append((request.path_qs, request.headers["Authorization"]))
        raise web.HTTPFound("/elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner, port = await serve(app)
    asker = Asker()
    try:
        found = await asker.ask(f"http://127.0.0.1:{port}/user/ada/fraud/", "secret", NOW)
        assert found.unseen == activity.NO_ANSWER
        assert seen == [("/user/ada/fraud/api/atoll/activity?no_track_activity=1", "token secret")]
    finally:
        asker.close()
        await runner.cleanup()


async def serve_text(body):
    async def answer(_):
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return await serve(app)
