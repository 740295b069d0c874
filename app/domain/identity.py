"""People whom somebody else vouches for: what is known of them at sign-in."""

from dataclasses import dataclass
from typing import Final

# In place of an issuer, where a proxy has signed the person in. No provider has it: theirs are addresses.
PROXY: Final = "proxy"


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who somebody is to the place that signs them in. `issuer` and `subject` never change; `name` and `groups` may."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What a browser has begun at a provider: secrets that only this browser and this service know.

    `state` comes back with the answer, `nonce` inside the signed token, and `verifier` proves that the code is ours
    (RFC 7636).
    """

    state: str
    nonce: str
    verifier: str
