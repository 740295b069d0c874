"""What is on the list, what may be at which address, and what is no host at all."""

import pytest

from app.egress.allow_list import Allowed, AllowList, read_target
from app.errors import SettingsError
from app.settings import list_named_hosts, load_settings


def a_list(*entries: Allowed) -> AllowList:
    allowed = AllowList()
    allowed.put("settings", entries)
    return allowed


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1"])
def test_this_machine_is_always_allowed(address: str) -> None:
    assert AllowList().allows_address(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "10.0.0.1", "2606:4700::1111", "169.254.169.254", "no address"])
def test_an_empty_list_allows_nothing_else(address: str) -> None:
    assert not AllowList().allows_address(address)
    assert AllowList().allows_name("localhost")
    assert not AllowList().allows_name("example.com")


def test_a_network_allows_its_addresses_however_they_are_written() -> None:
    allowed = a_list(Allowed("10.1.0.0/16", "egress.allow"), Allowed("203.0.113.7", "egress.allow"))
    assert allowed.allows_address("10.1.255.1")
    assert allowed.allows_address("::ffff:10.1.2.3")
    assert allowed.allows_address("203.0.113.7")
    assert not allowed.allows_address("10.2.0.1")
    assert not allowed.allows_address("203.0.113.8")


@pytest.mark.parametrize("name", ["wiki.internal", "WIKI.internal.", "Wiki.Internal"])
def test_a_name_is_one_name_however_it_is_written(name: str) -> None:
    allowed = a_list(Allowed("wiki.internal", "egress.allow"))
    assert allowed.allows_name(name)
    assert not allowed.allows_name(f"x{name}")
    assert not allowed.allows_name(f"{name}.evil.example")


def test_a_name_in_other_letters_is_looked_up_as_it_is_sent() -> None:
    assert a_list(Allowed("bücher.example", "egress.allow")).allows_name("xn--bcher-kva.example")


def test_an_address_is_allowed_once_an_allowed_name_was_found_there() -> None:
    allowed = a_list(Allowed("llm.internal", "generator.url"))
    assert not allowed.allows_address("10.9.9.9")
    assert allowed.keep_allowed("llm.internal", ["10.9.9.9"]) == ["10.9.9.9"]
    assert allowed.allows_address("10.9.9.9")


def test_an_address_goes_with_its_name() -> None:
    allowed = a_list(Allowed("llm.internal", "generator.url"))
    allowed.keep_allowed("llm.internal", ["10.9.9.9"])
    allowed.put("settings", [])
    assert not allowed.allows_address("10.9.9.9")


def test_a_name_that_an_admin_added_may_be_at_private_addresses_only() -> None:
    allowed = AllowList()
    allowed.put("kept", [Allowed("wiki.internal", "internal site", may_be_public=False)])
    answers = ["192.168.1.5", "8.8.8.8", "169.254.169.254", "fd00::5"]
    assert allowed.keep_allowed("wiki.internal", answers) == ["192.168.1.5", "fd00::5"]
    assert not allowed.allows_address("8.8.8.8")


def test_a_name_of_the_settings_may_be_public_but_never_where_clouds_keep_their_metadata() -> None:
    allowed = a_list(Allowed("api.example", "generator.url"))
    assert allowed.keep_allowed("api.example", ["8.8.8.8", "169.254.169.254"]) == ["8.8.8.8"]


def test_a_name_of_the_settings_stays_public_when_an_admin_names_it_too() -> None:
    allowed = a_list(Allowed("api.example", "generator.url"))
    allowed.put("kept", [Allowed("api.example", "offered language model", may_be_public=False)])
    assert allowed.keep_allowed("api.example", ["8.8.8.8"]) == ["8.8.8.8"]


@pytest.mark.parametrize("text", ["http://wiki", "wiki/page", "10.0.0.1.5", "300.1.1.1", "a b", "", "*.internal"])
def test_what_is_no_host_is_refused_in_the_settings(text: str) -> None:
    with pytest.raises(ValueError, match="is no host, address or network"):
        read_target(text)
    with pytest.raises(SettingsError, match="is no host, address or network"):
        load_settings({"egress": {"allow": [text]}})


def test_only_engines_that_are_switched_on_put_their_host_on_the_list() -> None:
    settings = load_settings(
        {
            "generator": {"engine": "openai", "url": "http://llm.internal:8000/v1", "model": "m"},
            "embedder": {"url": "http://unused.internal/v1"},
            "database": {"url": "postgresql+psycopg://cloister@db.internal:5432/cloister"},
            "egress": {"allow": ["10.1.0.0/16"]},
        }
    )
    assert [(each.target, each.reason) for each in list_named_hosts(settings)] == [
        ("db.internal", "database.url"),
        ("llm.internal", "generator.url"),
        ("10.1.0.0/16", "egress.allow"),
    ]


def test_a_database_behind_a_unix_socket_needs_no_host() -> None:
    settings = load_settings({"database": {"url": "postgresql+psycopg:///cloister?host=/run/postgresql"}})
    assert list_named_hosts(settings) == []
