"""Pages of other sites, in the browser of somebody who is signed in here."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.services import Services
from app.settings import load_settings
from app.web.guards import guard
from tests.app.web.signed_in import Browser

HERE = "http://testserver"
SOCKET = "/ws/socket.io/?EIO=4&transport=websocket"
UPGRADE = {"upgrade": "websocket"}
FOREIGN = ["https://evil.example", "http://testserver.evil.example", "http://testserver:8443", "null", "nonsense", ""]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_opens_no_socket(admin: Browser, origin: str) -> None:
    connecting = admin.client.websocket_connect(SOCKET, headers={**UPGRADE, "origin": origin})
    with pytest.raises(WebSocketDisconnect) as refused, connecting:
        pass
    assert refused.value.reason == "Another site's page."


@pytest.mark.parametrize("headers", [{"origin": HERE}, {}])
def test_our_own_page_and_a_program_open_one(admin: Browser, headers: dict[str, str]) -> None:
    with admin.client.websocket_connect(SOCKET, headers={**UPGRADE, **headers}) as socket:
        assert socket.receive_text().startswith("0{")


@pytest.mark.parametrize("origin", FOREIGN[:3])
def test_nor_does_it_ask_by_the_other_way_that_sockets_have(admin: Browser, origin: str) -> None:
    polling = "/ws/socket.io/?EIO=4&transport=polling"
    assert admin.client.get(polling, headers={"origin": origin}).status_code == 403
    assert admin.client.get(polling, headers={"origin": HERE}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}]
)
def test_what_another_site_sends_changes_nothing(admin: Browser, services: Services, headers: dict[str, str]) -> None:
    answer = admin.client.post("/api/v1/knowledge-bases", json={"name": "Forged"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.json()["detail"]
    assert "Forged" not in admin.client.get("/api/v1/knowledge-bases").text
    own = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert admin.client.post("/api/v1/knowledge-bases", json={"name": "Own"}, headers=own).status_code == 201


def test_behind_a_proxy_the_public_address_is_ones_own(services: Services) -> None:
    url = {"public_url": "https://ask.example.com"}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "server": url})
    app = FastAPI()
    app.add_api_route("/change", lambda: "done", methods=["POST"])
    guard(app, services)
    client = TestClient(app)
    assert client.post("/change", headers={"origin": "https://ask.example.com"}).status_code == 200
    assert client.post("/change", headers={"origin": "https://ask.example.org"}).status_code == 403
