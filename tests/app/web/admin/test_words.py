"""Every text of the admin pages is there in German, and nothing is translated that no page says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import app.web.admin
from app.domain import (
    AnswerFace,
    Deed,
    ItemStatus,
    JobState,
    MemberRole,
    Permission,
    PersonState,
    QuestionOrigin,
    RunState,
    Splitter,
    Tool,
)
from app.domain.crawls import PageOutcome
from app.engines.memory import Verdict
from app.operations.assistant_versions import Part as VersionPart
from app.operations.engines import Part
from app.settings import LayerKind
from app.tools.gate.gate import Outcome
from app.warm import Condition
from app.web.admin.translate import WORDS_DIR, translations

HOME = Path(app.web.admin.__file__).parent
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "trim_blocks": "true", "lstrip_blocks": "true"}}
# Shown through `_` as what they are: their words stand in no template.
VALUES = (
    AnswerFace,
    Deed,
    ItemStatus,
    JobState,
    MemberRole,
    Outcome,
    Permission,
    QuestionOrigin,
    RunState,
    Splitter,
    PageOutcome,
    PersonState,
    Condition,
    LayerKind,
    Part,
    Tool,
    Verdict,
    VersionPart,
)


def said() -> set[str]:
    """Every text that a page can say."""
    found = extract_from_dir(HOME, METHODS, OPTIONS, KEYWORDS)
    texts = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    return texts - {""} | {str(value) for kind in VALUES for value in kind}


def translated() -> Iterator[tuple[str, str]]:
    """Every text of the German catalogues, and its translation."""
    for path in sorted((WORDS_DIR / "de").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="de"):
                if isinstance(message.id, str) and message.id:
                    yield message.id, str(message.string)
                elif message.id:
                    yield message.id[0], " ".join(message.string)


def test_every_text_has_its_german_words() -> None:
    german = dict(translated())
    assert sorted(said() - {text for text, words in german.items() if words}) == []


def test_nothing_is_translated_twice_or_for_nobody() -> None:
    texts = [text for text, _ in translated()]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []
    assert sorted(set(texts) - said()) == []


@pytest.mark.parametrize("text", sorted(said()))
def test_a_translation_keeps_what_is_filled_in(text: str) -> None:
    german = translations("de").gettext(text)
    assert {part.partition(")")[0] for part in german.split("%(")[1:]} <= {
        part.partition(")")[0] for part in text.split("%(")[1:]
    } | {"num"}
