"""Signing in at an OpenID Connect provider, through every face of the service; and everything that is refused."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db import accounts, audit, groups, people
from app.db.accounts import Account
from app.db.audit import AuditFilter
from app.domain import Deed, PersonState
from app.main import build_app
from app.operations import single_sign_on
from app.services import Services
from app.settings import Settings, load_settings
from app.web.pages.pending import Pending, local_path, open_pending, seal_pending
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import PASSWORD
from tests.oidc_provider import CLIENT, SECRET, Claims, Provider, running_provider

SINGLE, CALLBACK = "/sign-in/single", "/sign-in/single/callback"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """As new, whatever the test before bent."""
    fresh = Provider(running.url)
    for name in ("person", "extra", "discovery", "userinfo", "sign", "leaves_out", "is_down"):
        setattr(running, name, getattr(fresh, name))
    running.codes.clear()
    running.asked.clear()
    return running


@pytest.fixture
def sign_on() -> dict[str, object]:
    """Settings of the branch `single_sign_on` besides the provider's address."""
    return {}


@pytest.fixture
def settings(settings: Settings, provider: Provider, sign_on: dict[str, object]) -> Settings:
    branch = {"engine": "oidc", "url": provider.url, "client_id": CLIENT, "client_secret": SECRET, **sign_on}
    return load_settings(
        {"data_dir": settings.data_dir, "single_sign_on": branch, "server": {"public_url": "http://testserver"}}
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser that does not follow by itself."""

    client: TestClient

    def begin(self, next: str = "/") -> str:
        """The address at the provider to which the service leads."""
        answer = self.client.get(SINGLE, params={"next": next})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def at_provider(self, address: str) -> str:
        """The address to which the provider leads back, without its host."""
        back = urlsplit(httpx.get(address).headers["location"])
        return f"{back.path}?{back.query}"

    def sign_in(self, next: str = "/") -> httpx.Response:
        return self.client.get(self.at_provider(self.begin(next)))

    def is_in(self) -> bool:
        return self.client.get("/account").status_code == 200


@pytest.fixture
def app(services: Services) -> FastAPI:
    return build_app(services)


@pytest.fixture
def visit(app: FastAPI) -> Visit:
    return Visit(TestClient(app, follow_redirects=False, headers={"accept-language": "en"}))


def account(services: Services, name: str = "Clara") -> Account | None:
    with services.database.read() as session:
        return next((each for each in accounts.list_all(session) if each.name == name), None)


def deeds(services: Services) -> list[tuple[Deed, str, str]]:
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(), limit=50)
    return [(each.deed, each.person, each.detail) for each in reversed(events)]


# --- the right way in -----------------------------------------------------------------------------


def test_whoever_the_provider_vouches_for_is_in_and_has_an_account(visit: Visit, services: Services) -> None:
    answer = visit.sign_in("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert visit.is_in()
    clara = account(services)
    assert clara
    assert (clara.is_admin, clara.state, clara.groups) == (False, PersonState.ACTIVE, ())
    assert [deed for deed, *_ in deeds(services)] == [Deed.PERSON_CREATE, Deed.SIGN_IN]
    assert visit.client.get("/user").json()["display_name"] == "Clara", "the chat knows them"


def test_the_same_subject_is_the_same_person_by_whatever_name(
    visit: Visit, provider: Provider, services: Services
) -> None:
    visit.sign_in()
    provider.person = {**provider.person, "preferred_username": "Clara Neumann"}
    assert visit.sign_in().status_code == 303
    assert account(services, "Clara Neumann") is None


def test_each_sign_in_has_a_session_of_its_own_and_the_one_before_ends(visit: Visit) -> None:
    visit.sign_in()
    before = visit.client.cookies["access_token"]
    visit.sign_in()
    assert visit.client.cookies["access_token"] != before
    visit.client.cookies.set("access_token", before, domain="testserver.local")
    assert not visit.is_in(), "a cookie that somebody planted or kept opens nothing"


def test_a_cookie_that_was_there_before_is_not_the_one_after(visit: Visit, services: Services) -> None:
    """Session fixation: whoever plants a cookie does not come to share the sign-in."""
    caller_of(services, "Eve")
    eve = TestClient(visit.client.app, follow_redirects=False)
    eve.post("/login", data={"username": "Eve", "password": PASSWORD})
    planted = eve.cookies["access_token"]
    visit.client.cookies.set("access_token", planted)
    answer = visit.sign_in()
    assert planted not in answer.headers["set-cookie"]
    assert eve.get("/account").status_code == 303


def test_what_is_asked_of_the_provider_is_a_code_with_state_nonce_and_challenge(visit: Visit) -> None:
    first, second = (parse_qs(urlsplit(visit.begin()).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://testserver/sign-in/single/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil", "/a\r\nb", ""])
def test_no_sign_in_leads_to_another_site(visit: Visit, path: str) -> None:
    assert local_path(path) == "/"
    assert visit.sign_in(path).headers["location"] == "/"


def test_new_keys_of_the_provider_are_found(visit: Visit, provider: Provider) -> None:
    visit.sign_in()
    provider.rotate()
    assert visit.sign_in().status_code == 303
    visit.sign_in()
    assert provider.asked.count("/keys") == 2, "and kept"


def test_a_name_that_only_userinfo_says_is_taken_from_there(visit: Visit, provider: Provider) -> None:
    provider.leaves_out = ("preferred_username", "groups")
    provider.userinfo = {"preferred_username": "Dora"}
    visit.sign_in()
    assert "Dora" in visit.client.get("/account").text


def test_signing_out_here_signs_out_there_and_stays_out(visit: Visit, provider: Provider) -> None:
    visit.sign_in()
    assert visit.client.get("/sign-in/options").json()["leaves"] is False
    visit.client.post("/logout")
    assert not visit.is_in()
    assert visit.client.get("/sign-in/options").json()["leaves"] is True
    target = visit.client.get(f"{SINGLE}/leave").headers["location"]
    assert target.startswith(f"{provider.url}/leave?")
    assert parse_qs(urlsplit(target).query) == {
        "client_id": [CLIENT],
        "post_logout_redirect_uri": ["http://testserver/login"],
    }
    assert visit.client.get("/sign-in/options").json()["leaves"] is False


# --- what is refused ------------------------------------------------------------------------------


def unsigned(claims: Claims) -> str:
    return jwt.encode(claims, None, "none")


def other_key(_claims: Claims) -> str:
    return Provider("http://elsewhere").sign_with_key(_claims)


def garbage(_claims: Claims) -> str:
    return "not.a.token"


HOUR = 3600
# Why it is refused, and how it was bent.
BENT: dict[str, tuple[str, dict[str, object]]] = {
    "aud": ("(aud)", {"extra": {"aud": "another-service"}}),
    "aud among several without azp": ("(azp)", {"extra": {"aud": [CLIENT, "another-service"]}}),
    "azp": ("(azp)", {"extra": {"azp": "another-service"}}),
    "iss": ("(iss)", {"extra": {"iss": "http://evil.example"}}),
    "iss with a slash more": ("(iss)", {"extra": {"iss": "{url}/"}}),
    "expired": ("(exp)", {"extra": {"exp": int(time.time()) - HOUR}}),
    "iat in the future": ("(iat)", {"extra": {"iat": int(time.time()) + HOUR, "exp": int(time.time()) + 2 * HOUR}}),
    "nonce": ("(nonce)", {"extra": {"nonce": "another sign-in"}}),
    "without nonce": ("a claim is missing", {"leaves_out": ("nonce",)}),
    "without exp": ("a claim is missing", {"leaves_out": ("exp",)}),
    "without sub": ("(sub)", {"extra": {"sub": ""}}),
    "unsigned": ("(alg)", {"sign": unsigned}),
    "signed by another key": ("none of the provider", {"sign": other_key}),
    "garbage": ("cannot be read", {"sign": garbage}),
}


def bend(provider: Provider, how: dict[str, object]) -> None:
    for name, value in how.items():
        if isinstance(value, dict):
            value = {k: v.replace("{url}", provider.url) if isinstance(v, str) else v for k, v in value.items()}
        setattr(provider, name, value)


@pytest.mark.parametrize("how", BENT)
def test_a_token_that_is_not_true_opens_nothing(visit: Visit, provider: Provider, services: Services, how: str) -> None:
    reason, bent = BENT[how]
    bend(provider, bent)
    answer = visit.sign_in()
    assert (answer.status_code, "not to be believed" in answer.text) == (403, True)
    assert reason in unescape(answer.text)
    assert "Nobody was signed in" in answer.text
    assert not visit.is_in()
    assert account(services) is None


def test_the_public_key_is_no_shared_secret(visit: Visit, provider: Provider) -> None:
    """HS256 with what everybody knows as its key."""

    def confuse(claims: Claims) -> str:
        import base64
        import hashlib
        import hmac
        import json

        def part(value: bytes) -> bytes:
            return base64.urlsafe_b64encode(value).rstrip(b"=")

        header = {"alg": "HS256", "typ": "JWT", "kid": provider.key_id}
        signed = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims).encode())
        return (signed + b"." + part(hmac.new(provider.public_pem, signed, hashlib.sha256).digest())).decode()

    provider.sign = confuse
    answer = visit.sign_in()
    assert (answer.status_code, "not signed with a public key" in answer.text) == (403, True)
    assert not visit.is_in()


def test_an_answer_with_another_state_opens_nothing(visit: Visit) -> None:
    back = visit.at_provider(visit.begin())
    answer = visit.client.get(back.partition("state=")[0] + "state=another")
    assert (answer.status_code, "was not begun in this browser" in answer.text) == (403, True)
    assert not visit.is_in()


def test_nobody_can_be_signed_in_from_another_browser(visit: Visit, app: FastAPI) -> None:
    """An attacker who sends somebody the end of his own sign-in."""
    back = visit.at_provider(visit.begin())
    victim = Visit(TestClient(app, follow_redirects=False))
    assert victim.client.get(back).status_code == 403
    victim.begin()
    assert victim.client.get(back).status_code == 403
    assert not victim.is_in()


def test_a_code_opens_once(visit: Visit) -> None:
    address = visit.begin()
    kept = visit.client.cookies["cloister_pending"]
    back = visit.at_provider(address)
    assert visit.client.get(back).status_code == 303
    visit.client.cookies.clear()
    assert visit.client.get(back).status_code == 403, "what was begun is used up"
    visit.client.cookies.set("cloister_pending", kept)
    answer = visit.client.get(back)
    assert (answer.status_code, "invalid_grant" in answer.text) == (403, True)
    assert not visit.is_in()


def test_a_code_of_somebody_else_is_no_good_with_ones_own_verifier(visit: Visit, app: FastAPI) -> None:
    """PKCE: a code that was caught on its way is worth nothing in another sign-in."""
    other = Visit(TestClient(app, follow_redirects=False))
    stolen = parse_qs(urlsplit(other.at_provider(other.begin())).query)["code"][0]
    own = parse_qs(urlsplit(visit.begin()).query)["state"][0]
    answer = visit.client.get(CALLBACK, params={"code": stolen, "state": own})
    assert (answer.status_code, "invalid_grant" in answer.text) == (403, True)


def test_an_answer_of_another_provider_is_refused(visit: Visit) -> None:
    answer = visit.client.get(visit.at_provider(visit.begin()) + "&iss=https://evil.example")
    assert (answer.status_code, "another provider" in answer.text) == (403, True)


def test_what_was_begun_long_ago_is_over(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    pending = Pending(single_sign_on.SignInAttempt("s", "n", "v"), "/")
    sealed = seal_pending(pending, services.seal)
    assert open_pending(sealed, services.seal) == pending
    assert open_pending("x" * 50, services.seal) is None
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 601)
    assert open_pending(sealed, services.seal) is None


def test_a_name_that_the_provider_does_not_say_is_asked_for_in_a_sentence(visit: Visit, provider: Provider) -> None:
    provider.leaves_out = ("preferred_username",)
    answer = visit.sign_in()
    assert (answer.status_code, "single_sign_on.name_claim" in answer.text) == (403, True)


def test_somebody_who_changes_their_mind_at_the_provider_reads_a_sentence(visit: Visit) -> None:
    state = parse_qs(urlsplit(visit.begin()).query)["state"][0]
    answer = visit.client.get(CALLBACK, params={"error": "<access_denied>", "state": state})
    assert (answer.status_code, "did not sign you in" in answer.text) == (403, True)
    assert "<access_denied>" not in answer.text


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_provider_that_is_away_is_a_sentence_and_503(visit: Visit, provider: Provider, when: str) -> None:
    if when == "before":
        provider.is_down = True
        answer = visit.client.get(SINGLE)
    else:
        back = visit.at_provider(visit.begin())
        provider.is_down = True
        answer = visit.client.get(back)
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert "sign in with it" in answer.text


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "http://evil.example"},
        {"token_endpoint": "ftp://elsewhere/token"},
        {"jwks_uri": None},
        {"token_endpoint": "http://10.255.255.1:9/token"},
    ],
)
def test_a_provider_that_leads_elsewhere_is_not_followed(
    visit: Visit, provider: Provider, said: dict[str, object]
) -> None:
    """The last one: an address inside that the settings do not name is not connected to."""
    provider.discovery = said
    answer = visit.client.get(SINGLE)
    if answer.status_code == 303:
        answer = visit.client.get(visit.at_provider(answer.headers["location"]))
    assert answer.status_code == 503
    assert not visit.is_in()


# --- whose account it is --------------------------------------------------------------------------


def test_a_name_that_somebody_has_is_not_taken_over(visit: Visit, services: Services) -> None:
    clara, admin = caller_of(services, "Clara"), caller_of(services, "Ada", is_admin=True)
    answer = visit.sign_in()
    assert (answer.status_code, "ask an admin" in answer.text) == (403, True)
    assert not visit.is_in()
    single_sign_on.expect(clara.id, admin, services)
    assert visit.sign_in().status_code == 303
    assert single_sign_on.get_standing(clara.id, admin, services) == single_sign_on.Standing(True, True, False)
    page = visit.client.get("/account").text
    assert "Clara" in page


def test_what_was_expected_of_one_name_does_not_hold_for_another(
    visit: Visit, provider: Provider, services: Services
) -> None:
    clara, admin = caller_of(services, "Clara"), caller_of(services, "Ada", is_admin=True)
    single_sign_on.expect(clara.id, admin, services)
    provider.person = {"sub": "1", "preferred_username": "Ada"}
    assert visit.sign_in().status_code == 403


def test_whom_nobody_vouches_for_any_more_is_out_at_once(visit: Visit, services: Services) -> None:
    admin = caller_of(services, "Ada", is_admin=True)
    visit.sign_in()
    clara = account(services)
    assert clara
    single_sign_on.unlink(clara.id, admin, services)
    assert not visit.is_in()
    assert visit.sign_in().status_code == 403


def test_who_is_disabled_stays_out(visit: Visit, services: Services) -> None:
    from app.operations import people as people_operations

    admin = caller_of(services, "Ada", is_admin=True)
    visit.sign_in()
    clara = account(services)
    assert clara
    people_operations.disable(clara.id, admin, services)
    answer = visit.sign_in()
    assert (answer.status_code, "is disabled here" in answer.text) == (403, True)
    assert not visit.is_in()


class TestWithoutMakingPeople:
    @pytest.fixture
    def sign_on(self) -> dict[str, object]:
        return {"creates_people": False}

    def test_strangers_are_told_whom_to_ask(self, visit: Visit, services: Services) -> None:
        answer = visit.sign_in()
        assert (answer.status_code, "Ask an admin" in answer.text) == (403, True)
        assert account(services) is None
        assert (Deed.SIGN_IN_FAILED, "Clara") in [(deed, who) for deed, who, _ in deeds(services)]


def test_groups_follow_the_claim_and_leave_alone_what_was_set_by_hand(
    visit: Visit, provider: Provider, services: Services
) -> None:
    with services.database.write() as session:
        made = {name: groups.create(session, name).id for name in ("Sales", "Legal", "Board")}
    provider.person = {**provider.person, "groups": ["Sales", "Legal", "Unknown here"]}
    visit.sign_in()
    clara = account(services)
    assert clara
    assert clara.groups == ("Legal", "Sales")
    with services.database.write() as session:
        groups.add(session, made["Board"], clara.id)
        groups.add(session, made["Legal"], clara.id)  # by the claim before, by hand from now on
    provider.person = {**provider.person, "groups": ["Board"]}
    visit.sign_in()
    clara = account(services)
    assert clara
    assert clara.groups == ("Board", "Legal")
    provider.person = {"sub": "8d1f", "preferred_username": "Clara"}
    visit.sign_in()
    clara = account(services)
    assert clara
    assert clara.groups == ("Board", "Legal")
    assert "by single sign-on: into “Legal”; into “Sales”" in [detail for *_, detail in deeds(services)]


class TestAdmins:
    @pytest.fixture
    def sign_on(self) -> dict[str, object]:
        return {"admin_group": "cloister-admins"}

    def come(self, visit: Visit, provider: Provider, services: Services, *groups: str) -> bool:
        provider.person = {**provider.person, "groups": list(groups)}
        visit.sign_in()
        clara = account(services)
        assert clara
        return clara.is_admin

    def test_the_group_makes_an_admin_and_no_more_once_it_does_not(
        self, visit: Visit, provider: Provider, services: Services
    ) -> None:
        assert self.come(visit, provider, services, "cloister-admins")
        assert visit.client.get("/admin/people").status_code == 200
        assert not self.come(visit, provider, services, "staff")
        assert visit.client.get("/admin/people").status_code == 403

    def test_whom_an_admin_made_an_admin_stays_one(self, visit: Visit, provider: Provider, services: Services) -> None:
        from app.operations import people as people_operations

        ada = caller_of(services, "Ada", is_admin=True)
        assert not self.come(visit, provider, services)
        clara = account(services)
        assert clara
        people_operations.set_admin(clara.id, True, ada, services)
        assert self.come(visit, provider, services)
        # By the group first, then by hand.
        people_operations.set_admin(clara.id, False, ada, services)
        assert self.come(visit, provider, services, "cloister-admins")
        people_operations.set_admin(clara.id, True, ada, services)
        assert self.come(visit, provider, services)


class TestWithoutPasswords:
    @pytest.fixture
    def sign_on(self) -> dict[str, object]:
        return {"passwords": False, "label": "Sign in with Keycloak"}

    def test_a_right_password_opens_nothing(self, visit: Visit, services: Services) -> None:
        caller_of(services, "Ben")
        assert visit.client.post("/login", data={"username": "Ben", "password": PASSWORD}).status_code == 401
        assert not visit.is_in()

    def test_the_page_leads_straight_to_the_provider_but_not_after_signing_out(self, visit: Visit) -> None:
        options = visit.client.get("/sign-in/options").json()
        assert (options["leads"], options["passwords"], options["label"]) == (True, False, "Sign in with Keycloak")
        visit.sign_in()
        visit.client.post("/logout")
        assert visit.client.get("/sign-in/options").json()["leads"] is False

    def test_no_first_link_is_made_at_each_start_where_an_admin_comes_from_elsewhere(
        self, visit: Visit, services: Services
    ) -> None:
        with services.database.write() as session:
            assert people.welcome_first_admin(session)
        visit.sign_in()
        clara = account(services)
        assert clara
        with services.database.write() as session:
            accounts.get_row(session, clara.id).is_admin = True
            assert people.welcome_first_admin(session) is None
