import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.egress.address_kinds import is_public
from app.egress.addresses import AddressGuard, AddressRefused, GuardedBackend

OPEN = AddressGuard()
INTERNAL = AddressGuard(["wiki.corp"])

PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd00::1", "100.64.0.1", "0.0.0.0"]
# A cloud's metadata service, in every way to write it.
METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fe80::1%eth0"]


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_asked(address: str) -> None:
    OPEN.check("example.com", address)


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA, "224.0.0.1", "ff02::1", "255.255.255.255"])
def test_all_other_addresses_are_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(AddressRefused, match="not a public address"):
        OPEN.check("example.com", address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "fd00::1", "::1"])
def test_an_internal_host_may_have_a_private_address_and_no_other_host_may(address: str) -> None:
    INTERNAL.check("Wiki.corp", address)
    with pytest.raises(AddressRefused):
        INTERNAL.check("other.corp", address)


@pytest.mark.parametrize("address", [*METADATA, "0.0.0.0", "224.0.0.1", "255.255.255.255"])
def test_metadata_and_multicast_are_refused_even_to_an_internal_host(address: str) -> None:
    with pytest.raises(AddressRefused, match="never asked"):
        INTERNAL.check("wiki.corp", address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_as_what_carries_it(address: IPv4Address) -> None:
    carriers = (f"::ffff:{address}", f"64:ff9b::{address}", str(IPv6Address((0x2002 << 112) | (int(address) << 80))))
    assert {is_public(ip_address(each)) for each in carriers} == {is_public(address)}


class Connecting(httpcore.AsyncMockBackend):
    """Notes what it is asked to connect to."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, *args: object, **options: object) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        return await super().connect_tcp(host, *args, **options)  # type: ignore[arg-type]


def test_the_connection_goes_to_the_address_that_was_checked_not_to_the_name() -> None:
    looks = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def rebinding(_host: str, _port: int) -> list[str]:
        return next(looks)

    async def run() -> None:
        backend = GuardedBackend(OPEN, rebinding, network)
        await backend.connect_tcp("rebind.example", 80)
        with pytest.raises(AddressRefused):
            await backend.connect_tcp("rebind.example", 80)

    network = Connecting()
    asyncio.run(run())
    assert network.asked == ["8.8.8.8"]


def test_a_name_with_one_private_address_among_its_own_is_refused() -> None:
    async def both(_host: str, _port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    network = Connecting()
    with pytest.raises(AddressRefused):
        asyncio.run(GuardedBackend(OPEN, both, network).connect_tcp("example.com", 80))
    assert not network.asked
