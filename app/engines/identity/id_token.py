"""Whether an ID token is true: OpenID Connect Core 1.0, section 3.1.3.7."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jwt

# Public-key signatures only: with HS256, or none at all, whoever knows our public settings could make a token.
ALGORITHMS: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
LEEWAY_S: Final = 60
_REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat", "nonce")


class TokenRefused(Exception):
    """The token is not to be believed; the message says why, and holds nothing of it."""


class NoKeyFits(TokenRefused):
    """None of the keys at hand has signed it; the provider may have new ones."""


def read_id_token(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """The claims of a token that is signed by one of the keys, for us, by this issuer, now, for this very sign-in.

    `keys` are JWKs. Raises TokenRefused; NoKeyFits where another set of keys may.
    """
    claims = _verify(token, keys, issuer=issuer, client_id=client_id)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise TokenRefused("it was made for another service (azp)")
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise TokenRefused("it belongs to another sign-in (nonce)")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise TokenRefused("it names nobody (sub)")
    return claims


def _verify(token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client_id: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as exc:
        raise TokenRefused("it cannot be read") from exc
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS:
        raise TokenRefused("it is not signed with a public key (alg)")
    for key in _fitting(keys, algorithm, header.get("kid")):
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm),
                algorithms=[algorithm],
                audience=client_id,
                issuer=issuer,
                leeway=LEEWAY_S,
                options={"require": list(_REQUIRED)},
            )
        except (jwt.InvalidSignatureError, jwt.PyJWKError, jwt.InvalidKeyError):
            continue
        except jwt.InvalidTokenError as exc:
            raise TokenRefused(_REASONS.get(type(exc), "a claim is missing or cannot be")) from exc
    raise NoKeyFits("none of the provider's keys has signed it")


def _fitting(keys: Sequence[Mapping[str, Any]], algorithm: str, key_id: object) -> list[Mapping[str, Any]]:
    """Keys for signatures of this kind; with an id in the token, that one only."""
    return [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid", key_id) == key_id)
    ]


_REASONS: Final[dict[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "its time is over (exp)",
    jwt.ImmatureSignatureError: "its time has not come (iat)",
    jwt.InvalidAudienceError: "it was made for another service (aud)",
    jwt.InvalidIssuerError: "another provider made it (iss)",
}
