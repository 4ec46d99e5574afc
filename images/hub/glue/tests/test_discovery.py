import json
import logging
import urllib.error

import pytest

from atoll_hub import discovery

LOG = logging.getLogger("test")
ISSUER = "http://idp.example/realms/atoll"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": ISSUER + "/auth",
    "token_endpoint": ISSUER + "/token",
    "userinfo_endpoint": ISSUER + "/userinfo",
    "end_session_endpoint": ISSUER + "/logout",
}


def test_discover_waits_for_a_provider_that_is_starting():
    answers = [urllib.error.URLError("refused"), TimeoutError(), json.dumps(DOCUMENT).encode()]
    pauses = []

    def get(issuer):
        assert issuer == ISSUER
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = discovery.discover(ISSUER, 60, LOG, get=get, sleep=pauses.append)
    assert found.token_url == ISSUER + "/token"
    assert found.end_session_url == ISSUER + "/logout"
    assert pauses == [1, 2]


def test_discover_gives_up_and_says_what_to_look_at():
    def get(_):
        raise urllib.error.URLError("refused")

    with pytest.raises(discovery.DiscoveryError, match=r"identity\.issuer"):
        discovery.discover(ISSUER, 0, LOG, get=get)


def test_another_issuer_is_refused_at_once():
    with pytest.raises(discovery.DiscoveryError, match=r"http://other"):
        discovery.read(ISSUER, json.dumps(DOCUMENT | {"issuer": "http://other"}).encode())


@pytest.mark.parametrize("document", [b"<html>", b"{}", b"[]", b'{"issuer": 1}'])
def test_what_is_no_discovery_document(document):
    with pytest.raises(discovery.DiscoveryError, match="no OpenID Connect discovery document"):
        discovery.read(ISSUER, document)


def test_a_missing_endpoint_is_named():
    document = {k: v for k, v in DOCUMENT.items() if k != "userinfo_endpoint"}
    with pytest.raises(discovery.DiscoveryError, match="userinfo_endpoint"):
        discovery.read(ISSUER, json.dumps(document).encode())


def test_only_web_addresses_are_fetched():
    with pytest.raises(discovery.DiscoveryError, match="neither"):
        discovery.fetch("file:///etc")
