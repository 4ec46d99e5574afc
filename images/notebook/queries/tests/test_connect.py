"""Against a server on this machine: the token of the moment goes with each request, and nobody's name does."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import atoll_trino


@pytest.fixture
def trino():
    """Answers each statement with two pages, and keeps what it was sent."""
    seen: list[dict[str, str]] = []
    renewals: list[Callable[[], object]] = []

    class Handler(BaseHTTPRequestHandler):
        def _page(self) -> None:
            seen.append(dict(self.headers.items()))
            if renewals:
                renewals.pop(0)()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            page = {"id": "q", "infoUri": "", "stats": {"state": "FINISHED", "queued": False}}
            if self.command == "POST":
                page |= {"nextUri": f"http://127.0.0.1:{self.server.server_port}/v1/statement/q/1"}
            else:
                page |= {
                    "columns": [
                        {"name": "a", "type": "integer", "typeSignature": {"rawType": "integer", "arguments": []}}
                    ],
                    "data": [[42]],
                }
            body = json.dumps(page).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _page  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, seen, renewals
    server.shutdown()
    server.server_close()


def test_the_token_is_read_at_each_request(trino, tmp_path, monkeypatch):
    port, seen, renewals = trino
    monkeypatch.setenv(atoll_trino.VARIABLE, f"https://127.0.0.1:{port}")
    token = tmp_path / "token"
    token.write_text("first\n")
    renewals.append(lambda: token.write_text("second\n"))
    plain = {"http_scheme": "http", "allow_insecure_auth": True, "auth": atoll_trino.PersonalToken(token)}
    assert atoll_trino.connect(**plain).cursor().execute("SELECT 42").fetchall() == [[42]]
    assert [h["Authorization"] for h in seen] == ["Bearer first", "Bearer second"]
    # Trino takes the person from the token: a name besides would be an attempt to be somebody else.
    assert not any("X-Trino-User" in h for h in seen)


def test_what_a_server_has_is_what_connects(tmp_path):
    found = atoll_trino.options({"ATOLL_TRINO_URL": "https://trino.atoll-directory:8443"}, tmp_path)
    assert (found["host"], found["port"], found["http_scheme"]) == ("trino.atoll-directory", 8443, "https")
    assert found["verify"] == str(tmp_path / "ca.crt")


def test_where_there_is_no_trino_it_says_so(tmp_path):
    with pytest.raises(atoll_trino.NoTrinoError, match=r"ATOLL_TRINO_URL is not set.*Restart the server"):
        atoll_trino.options({}, tmp_path)
