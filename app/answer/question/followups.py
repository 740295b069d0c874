"""Tell a follow-up from a question that stands alone, by the words of English and German."""

import re

from app.answer.text.words import telling_words

# What opens a question that goes on from the last one.
OPENING = re.compile(
    r"^\s*(?:(?:and|but|or|so|then|what about|how about|what if|what else|why|why not|how so|since when"
    r"|und|oder|aber|also|dann|was ist mit|wie ist es mit|wie sieht es mit|wie steht es mit|was ist,? wenn|warum"
    r"|wieso|weshalb|seit wann)\b(?!-)[\s,:]*)+",
    re.IGNORECASE,
)
# A bare “why” goes on; “Why is the oven cold?” may be about anything.
_WHY = re.compile(r"^\s*(?:why|how so|since when|warum|wieso|weshalb|seit wann)\b", re.IGNORECASE)
_POINTERS = re.compile(
    r"\b(?:it|its|they|them|their|he|she|him|his|her|hers|these|those|that|this|ones|same"
    r"|ihn|ihm|ihnen|deren|dessen|dies(?:e[rsmn]?)?|jene[rsmn]?|dieselben?|derselbe|solche[rsmn]?)\b",
    re.IGNORECASE,
)
# These mean a place, a time or a circumstance: only a clause before them can have told it.
_CIRCUMSTANCES = re.compile(
    r"\b(?:there|then|else|instead|afterwards|dort|dahin|dabei|davon|dafür|damit|daran|darauf|darüber|dazu|danach|dann"
    r"|stattdessen|sonst)\b",
    re.IGNORECASE,
)
# Formal address is written with a capital: “Sie” and “Ihre” point at nothing that was said.
# An article at the end of a sentence, or before a word that no noun can follow at once, is none.
_GERMAN_POINTERS = re.compile(
    r"(?<!^)\b(?:er|sie|es|ihre?[rsmn]?)\b|\b(?:das|die|der|den|dem)(?=\s*[?.!]*\s*$)"
    r"|\bdas(?= (?:auch|nur|noch|immer|schon|nicht|denn|für|bei|beim|im|in|mit|ab|bis|so|alles|eigentlich|überhaupt)\b)"
)
# Words of the same form that point at nothing said before.
_EMPTY = re.compile(
    r"\b(?:is|are|was|were|be|will|can|may|must|should) there\b|\bthere (?:is|are|was|were|will|must|should|can)\b"
    r"|\b(?:this|diese[rsmn]?) (?:year|week|month|quarter|summer|winter|spring|autumn|morning|afternoon|evening|company"
    r"|house|jahr|woche|monat|quartal|sommer|winter|frühling|herbst|haus|betrieb|unternehmen)\w*"
    r"|\bit (?:take|takes|cost|costs|took)\b(?= .*\bto\b)|\bit \w+ (?=to\b)|\bis it (?=\w+ to\b)"
    # … that opens a clause: “holiday that I took over”, “dafür, dass ich …”
    r"|\bthat (?=(?:i|you|we|he|she|it|they|the|an?|my|your|our)\b)|\bda\w+(?=, (?:dass|wenn|ob)\b)"
    r"|\bgibt es\b|\bes gibt\b|\bdauert es\b(?=.*\bzu\b)|\bes \w+ ?,",
    re.IGNORECASE,
)
_TOO = re.compile(r"\b(?:too|also|as well|either|auch|ebenfalls|ebenso)\s*[?.!]*\s*$", re.IGNORECASE)
# A thing that is named before the pronoun is what the pronoun means.
_NAMED = re.compile(
    r"\b(?:an?|the|my|our|your|each|every|der|die|das|den|dem|des|eine?[rsmn]?|meine?[rsmn]?|unsere?[rsmn]?|jede[rsmn]?)"
    r"\s+\w{3,}",
    re.IGNORECASE,
)
# Asking for more of the same, in words that are about nothing.
_ABOUT_NOTHING = telling_words(
    "please explain explanation detail details detailed tell say more example examples exactly mean means elaborate go "
    "bitte erkläre erklären erläutere genauer genau mehr einzelheiten beispiel beispiele ausführlich heißt bedeutet "
    "sag erzähl really sure wirklich sicher whom"
)


def points_back(question: str) -> bool:
    """Whether a question leans on what was said before it.

    It does when it opens as a continuation, when a word in it points at something that it does not name itself, or
    when it has at most one telling word.
    """
    opening = OPENING.match(question)
    if opening and not _WHY.match(question):
        return True
    return len(subject_words(question)) < 2 or _TOO.search(question) is not None or has_pointer(question)


def has_pointer(question: str) -> bool:
    """Whether a pronoun or the like stands for something that the question does not name before it."""
    text = _EMPTY.sub(lambda match: " " * len(match[0]), question)
    things = [match.start() for pattern in (_POINTERS, _GERMAN_POINTERS) for match in pattern.finditer(text)]
    if things and not _NAMED.search(text[: min(things)]):
        return True
    circumstance = _CIRCUMSTANCES.search(text)
    return circumstance is not None and "," not in text[: circumstance.start()]


def subject_words(question: str) -> frozenset[str]:
    """The telling words that say what a question is about."""
    return telling_words(question) - _ABOUT_NOTHING
