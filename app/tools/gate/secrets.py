"""Find what looks like a secret in a text: keys, tokens, passwords, accounts, cards. Pure.

Prefixes of keys are those that their issuers publish. A false alarm costs a look, a miss may cost the secret.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from app.domain import Flag, FlagKind

_PATTERNS: Final = {
    "private key": re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]*-----END [A-Z0-9 ]*-----)?"),
    "JWT": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?"),
    "API key": re.compile(
        r"\b(?:sk-(?:proj-|ant-|or-)?[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|gh[opusr]_\w{20,}|github_pat_\w{20,}"
        r"|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|(?:AKIA|ASIA|AROA)[0-9A-Z]{16}|AIza[\w-]{30,}"
        r"|ya29\.[\w-]{20,}|hf_\w{20,}|npm_\w{30,}|pypi-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_\w{30,}"
        r"|shp(?:at|ss)_\w{20,}|sq0[a-z]{3}-[\w-]{20,}|EAAC\w{20,}|key-[0-9a-f]{32}|AGE-SECRET-KEY-1[0-9A-Z]{20,})"
    ),
    "password": re.compile(
        r"\b(?:pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|kennung|geheimnis|secret|api[ _-]?key|access[ _-]?key"
        r"|auth[ _-]?token|token|mot de passe|contraseña|pin)\b[\"']?\s*(?:[:=]|\bis\b|\bist\b|\blautet\b)\s*[\"']?"
        r"(?P<value>[^\s\"'&]{4,})",
        re.IGNORECASE,
    ),
    "password in an address": re.compile(r"\b\w+://[^\s/:@]+:(?P<value>[^\s/@]{3,})@"),
}
_IBAN: Final = re.compile(r"\b(?=([A-Z]{2})\d{2})[A-Z0-9](?:[ -]?[A-Z0-9]){14,}", re.IGNORECASE)
_IBAN_COUNTRIES: Final = (
    "AD24 AE23 AL28 AT20 BA20 BE16 BG22 BR29 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GE22 GI23 GR27 HR21 "
    "HU28 IE22 IL23 IS26 IT27 KW30 LB28 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 QA29 RO24 "
    "RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 XK20"
)
_IBAN_LENGTHS: Final = {each[:2]: int(each[2:]) for each in _IBAN_COUNTRIES.split()}
_CARD: Final = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]*\d)")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,}(?:[+/=][A-Za-z0-9_+/=-]*)?")
_HEX: Final = re.compile(r"\b[0-9a-fA-F]{32,}\b")
# Bits a character below which a run of letters and figures is a word, a date or a path.
_LEAST_ENTROPY: Final = 3.7
_LEAST_RANDOM: Final = 16
_WORD_OR_NUMBER: Final = re.compile(r"[A-Z]?[a-z]*|[A-Z]+|\d+")


def find_secrets(text: str) -> list[Flag]:
    """Every place that looks like a secret, with its kind. Places may overlap."""
    return [Flag(FlagKind.SECRET, start, end, kind) for kind, start, end in _places(text)]


def _places(text: str) -> Iterator[tuple[str, int, int]]:
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            yield kind, *match.span("value" if "value" in pattern.groupindex else 0)
    for match in _IBAN.finditer(text):
        places = [at for at in range(*match.span()) if text[at].isalnum()]
        length = _IBAN_LENGTHS.get(match[1].upper(), 0)
        if length and len(places) >= length and is_iban(text[places[0] : places[length - 1] + 1]):
            yield "IBAN", places[0], places[length - 1] + 1
    yield from (("card number", *match.span()) for match in _CARD.finditer(text) if is_card(match[0]))
    yield from (("random token", *match.span()) for match in _HEX.finditer(text))
    yield from (("random token", *match.span()) for match in _TOKEN.finditer(text) if _is_random(match[0]))


def is_iban(text: str) -> bool:
    """Whether the check digits of an account number are right (ISO 13616)."""
    squeezed = re.sub(r"[\s-]", "", text).upper()
    if len(squeezed) != _IBAN_LENGTHS.get(squeezed[:2]):
        return False
    digits = "".join(str(int(each, 36)) for each in squeezed[4:] + squeezed[:4])
    return int(digits) % 97 == 1


def is_card(text: str) -> bool:
    """Whether the check digit of a card number is right (Luhn); one digit alone, repeated, is no card."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(each * 2, 10)) for each in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_random(token: str) -> bool:
    """Words, numbers and what is joined of them are not random."""
    parts = [part for part in re.split(r"[_+/=-]", token) if not _WORD_OR_NUMBER.fullmatch(part)]
    mixed = "".join(parts)
    kinds = [any(map(test, mixed)) for test in (str.islower, str.isupper, str.isdigit)]
    if not all(kinds) or len(mixed) < _LEAST_RANDOM:
        return False
    counts = Counter(mixed).values()
    return -sum(n / len(mixed) * math.log2(n / len(mixed)) for n in counts) >= _LEAST_ENTROPY
