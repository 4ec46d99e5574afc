"""A small OpenID Connect provider for tests. It counts requests and refuses what a real one would refuse."""

import base64
import hashlib
import secrets
from collections import Counter
from urllib.parse import urlencode

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "atoll-hub", "the client's secret"


class Provider:
    """Signs in whoever next_person names, without a form."""

    def __init__(self):
        self.next_person = ""
        self.groups: dict[str, list[str]] = {}
        self.calls = Counter()
        self.logouts: list[dict[str, str]] = []
        self.issuer = ""
        self._codes: dict[str, tuple[str, str, str]] = {}
        self._tokens: dict[str, str] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/auth", self._authorize),
                web.post("/token", self._token),
                web.get("/userinfo", self._userinfo),
                web.get("/logout", self._logout),
            ]
        )
        return app

    async def _discovery(self, _):
        self.calls["discovery"] += 1
        endpoints = {
            "authorization_endpoint": "auth",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "end_session_endpoint": "logout",
        }
        return web.json_response(
            {"issuer": self.issuer} | {key: f"{self.issuer}/{path}" for key, path in endpoints.items()}
        )

    async def _authorize(self, request):
        self.calls["authorize"] += 1
        query = request.query
        if query.get("client_id") != CLIENT_ID or "openid" not in query.get("scope", "").split():
            return web.Response(status=400, text="unknown client or no openid scope")
        if query.get("code_challenge_method") != "S256":
            return web.Response(status=400, text="PKCE is required")
        code = secrets.token_hex()
        self._codes[code] = (self.next_person, query["code_challenge"], query["redirect_uri"])
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def _token(self, request):
        self.calls["token"] += 1
        form = await request.post()
        person, challenge, redirect = self._codes.pop(form.get("code", ""), ("", "", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        fits = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
        if not person or not fits or form.get("redirect_uri") != redirect or form.get("client_secret") != CLIENT_SECRET:
            return web.json_response({"error": "invalid_grant", "error_description": "refused"}, status=400)
        token = secrets.token_hex()
        self._tokens[token] = person
        return web.json_response({"access_token": token, "token_type": "Bearer", "id_token": f"id-of-{person}"})

    async def _userinfo(self, request):
        self.calls["userinfo"] += 1
        person = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return web.Response(status=401)
        claims = {"sub": f"sub-{person}", "preferred_username": person}
        if person in self.groups:
            claims["groups"] = self.groups[person]
        return web.json_response(claims)

    def sign_out(self, person):
        """Ends the person's session here: their tokens say nothing any more."""
        self._tokens = {token: p for token, p in self._tokens.items() if p != person}

    async def _logout(self, request):
        self.logouts.append(dict(request.query))
        return web.Response(text="signed out")
