"""What is said for an answer, and that anything can be said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.speech.pronounce import pronounce
from app.speech.speakable import LONGEST, list_sentences

MARKUP = set("*_`#|<>[]{}~^\\=\0")
ANSWER = """## Refunds & returns

Opened items may be **returned within 30 days** [1], e.g. by post [2, 3]. See https://www.example.org/a/b?c=1.

1. First `snake_case`
2. Second

| Region | Total |
|---|---|
| North | 1,234 |
| South | |

```sql
SELECT 1
```

![a picture](https://spy.invalid/x.png)

###### Sources

- [1] handbook — *"a quote"*
"""


def spoken(markdown: str, language: str = "en") -> list[str]:
    return [sentence.spoken for sentence in list_sentences(markdown, language)]


def test_an_answer_is_said_without_its_marks_and_without_its_sources() -> None:
    assert spoken(ANSWER) == [
        "Refunds and returns.",
        "Opened items may be returned within 30 days, for example by post.",
        "See example.org.",
        "1: First snake case.",
        "2: Second.",
        "Region: North; Total: 1234.",
        "Region: South.",
        "A block of SQL code is not read aloud.",
        "a picture.",
    ]


def test_each_sentence_knows_where_it_stands_in_the_answer() -> None:
    shown = [sentence.shown for sentence in list_sentences(ANSWER, "en")]
    assert shown[1] == "Opened items may be returned within 30 days [1], e.g. by post [2, 3]."
    assert shown[5] == "North 1,234"
    assert shown[7] == ""


def test_a_long_table_is_shortened_and_says_so() -> None:
    rows = "\n".join(f"| {n} |" for n in range(12))
    table = f"| Year |\n|---|\n{rows}"
    assert spoken(table)[-1] == "7 more rows follow."
    assert len(spoken(table)) == 6
    assert spoken(table, "de")[-1] == "7 weitere Zeilen folgen."
    assert len(spoken(table, "fr")) == 5


def test_a_long_sentence_is_said_in_parts() -> None:
    parts = list_sentences("word, " * 200 + "x" * 700, "en")
    assert max(len(part.shown) for part in parts) <= LONGEST
    assert "".join(part.shown for part in parts).replace(" ", "") == ("word," * 200) + "x" * 700


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "It costs $1,234.50, i.e. approx. €3 million.",
            "It costs 1234.50 dollars, that is approximately 3 million euros.",
        ),
        ("From 2024-03-05 to 25/12/2024.", "From 5 March 2024 to 25 December 2024."),
        ("On 03/04/2024.", "On 03 04 2024."),
        ("At 20 °C and 5–10 km/h, 1 kg.", "At 20 degrees Celsius and 5 to 10 kilometres per hour, 1 kilogram."),
        ("5% of 10 GB, Dr. Lee, etc.", "5 percent of 10 gigabytes, Doctor Lee, and so on."),
        ("See no. 5. The answer is no.", "See number 5. The answer is no."),
        ("a >= b & c ≥ d", "a more than equals b and c at least d."),
        ("Good 👍🏽 morning ☀️!", "Good morning!"),
        ("Write to me@example.org", "Write to me at example.org."),
    ],
)
def test_english_is_said_in_words(written: str, said: str) -> None:
    assert pronounce(written, "en") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "Das sind z. B. 14 Tage, d.h. ca. 1.234,50 €.",
            "Das sind zum Beispiel 14 Tage, das heißt circa 1234,50 Euro.",
        ),
        ("Ab 03.05.2024 um 14:30 Uhr.", "Ab 3. Mai 2024 um 14 Uhr 30."),
        ("Um 9:00 Uhr, § 5 Abs. 2.", "Um 9 Uhr, Paragraf 5 Absatz 2."),
        ("3 Mio. € bzw. 5 % usw.", "3 Mio. Euro beziehungsweise 5 Prozent und so weiter."),
        ("Fragen dieser Art.", "Fragen dieser Art."),
        ("1 Std. bei 20 °C", "1 Stunde bei 20 Grad Celsius."),
    ],
)
def test_german_is_said_in_words(written: str, said: str) -> None:
    assert pronounce(written, "de").replace("Millionen", "Mio.") == said


def test_other_languages_lose_their_marks_and_keep_their_words() -> None:
    assert pronounce("Le délai est de **30 jours** [1] : voir https://exemple.fr/a.", "fr") == (
        "Le délai est de 30 jours: voir exemple.fr."
    )
    assert pronounce("返品は30日以内です [1]", "ja") == "返品は30日以内です."


@pytest.mark.parametrize("nothing", ["", "   ", "***", "[1]", "🙂", "| |\n|---|", "---", "###### Sources\n\n- a"])
def test_where_there_is_nothing_to_say_nothing_is_said(nothing: str) -> None:
    assert list_sentences(nothing, "en") == ()


pieces = st.sampled_from(
    [
        "**a**",
        "[1]",
        "|",
        "\n",
        "- x",
        "```sql\n",
        "<b>",
        "https://a.b/c",
        "1.234,5 €",
        "5 %",
        "e.g.",
        "z. B.",
        "03.05.2024",
        "#",
        "\0",
        "~~",
        "[",
        "](",
        "10:3",
    ]
)


@given(
    st.lists(st.one_of(st.text(max_size=30), pieces), max_size=15).map(" ".join),
    st.sampled_from(["en", "de", "fr", ""]),
)
def test_anything_can_be_said_and_no_mark_is(markdown: str, language: str) -> None:
    for sentence in list_sentences(markdown, language):
        assert not MARKUP & set(sentence.spoken)
        assert any(char.isalnum() for char in sentence.spoken)
        assert "\n" not in sentence.spoken
        assert len(sentence.shown) <= LONGEST or not sentence.shown.count("\n")
