"""What kind of address it is. Nothing but the standard library is needed for it: the wall stands before all others."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

# Addresses that carry an IPv4 address in their last 32 bits (RFC 6052; RFC 4291, section 2.5.5).
_CARRIERS: Final[tuple[IPv6Network, ...]] = tuple(
    network for network in map(ip_network, ("64:ff9b::/96", "::/96")) if isinstance(network, IPv6Network)
)
# Shared by a provider's customers (RFC 6598): neither public nor of one's own.
_SHARED: Final = IPv4Network("100.64.0.0/10")


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could mean this address."""
    plain = unwrap(address)
    return plain.is_global and not plain.is_multicast and not (isinstance(plain, IPv4Address) and plain in _SHARED)


def is_of_this_machine(address: Address) -> bool:
    """Loopback, and the unspecified address: Linux takes a connection to it for one to loopback."""
    plain = unwrap(address)
    return plain.is_loopback or plain.is_unspecified


def unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv6 address that only carries one, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and any(address in network for network in _CARRIERS) and int(address) > 1:
        carried = IPv4Address(int(address) & 0xFFFFFFFF)
    return carried or address


def read_address(text: str) -> Address | None:
    """The address that a text is, without its zone; None for a name."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
