"""How the service is reached, and what might lead its words elsewhere: port, proxy, variables of the environment."""

import errno
import os
import socket
from collections.abc import Iterator
from typing import Final

from app.doctor.findings import Finding, Status
from app.settings import LOOPBACK, Settings

PROXY_VARIABLES: Final = ("http_proxy", "https_proxy", "all_proxy")


def examine_port(settings: Settings) -> Finding:
    """Whether the service could listen where it is meant to."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does it: connections that ended a moment ago do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:  # by whom is not told; it may be a service on another data folder
                advice = "Stop the program that listens there before you start, or set server.port to another one."
                return Finding("Port", Status.NOTE, f"{host}:{port} is in use", advice)
            advice = "Set server.host to an address of this machine, and server.port to one above 1023."
            return Finding("Port", Status.BROKEN, f"{host}:{port} cannot be listened on ({exc.strerror})", advice)
    return Finding("Port", Status.OK, f"{host}:{port} is free")


def examine_proxy(settings: Settings) -> Iterator[Finding]:
    """Nothing where people come without one."""
    server = settings.server
    if not server.public_url:
        if server.host not in LOOPBACK:
            advice = "Put a proxy with TLS before it, and set server.public_url to the https address."
            yield Finding("Proxy", Status.NOTE, f"people reach {server.host} without encryption", advice)
        return
    sockets = "Let the proxy pass WebSockets (the headers Upgrade and Connection): the chat needs them."
    if not server.trusted_proxies:
        advice = f"Name the proxy in server.trusted_proxies, so that people's own addresses are seen. {sockets}"
        yield Finding("Proxy", Status.NOTE, f"people come by {server.public_url}, and no proxy is trusted", advice)
    elif not server.public_url.startswith("https://"):
        yield Finding("Proxy", Status.NOTE, f"people come by {server.public_url}", "Use https: cookies go over it.")
    else:
        yield Finding("Proxy", Status.OK, f"people come by {server.public_url}", sockets)


def examine_environment(settings: Settings) -> Finding:
    """Variables that lead libraries to a proxy. What Cloister connects to by itself ignores them."""
    found = sorted(name for name in os.environ if name.lower() in PROXY_VARIABLES and os.environ[name])
    if not found:
        return Finding("Environment", Status.OK, "no proxy for outgoing connections is set")
    names = ", ".join(found)
    if settings.egress.enforce:
        return Finding("Environment", Status.OK, f"{names} is set; what is not on the list is refused all the same")
    advice = "Unset it for the service, or set egress.enforce: libraries may send what they ask through that proxy."
    return Finding("Environment", Status.NOTE, f"{names} is set; Cloister's own connections ignore it", advice)
