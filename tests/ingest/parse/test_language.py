"""Languages are told apart for stemming; a wrong one is worse than none."""

import pytest

from ingest.parse.language import detect_language

CONFIGURED = ("en", "de", "fr", "es", "it", "nl", "pt")
TEXT_BY_LANGUAGE = {
    "en": "The pump stops as soon as the tank is full, and the lamp on the front turns green.",
    "de": "Die Pumpe hält an, sobald der Tank voll ist, und die Lampe an der Vorderseite wird grün.",
    "fr": "La pompe s'arrête dès que le réservoir est plein, et le voyant de la façade devient vert.",
    "es": "La bomba se detiene en cuanto el depósito está lleno, y la luz del frente se pone verde.",
    "it": "La pompa si ferma non appena il serbatoio è pieno e la spia sul davanti diventa verde.",
    "nl": "De pomp stopt zodra de tank vol is, en het lampje aan de voorkant wordt groen.",
    "pt": "A bomba para assim que o tanque está cheio, e a luz na frente fica verde.",
}


@pytest.mark.parametrize("language", CONFIGURED)
def test_a_sentence_is_enough_to_tell_the_configured_languages(language: str) -> None:
    assert detect_language(TEXT_BY_LANGUAGE[language], CONFIGURED) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 345 | 67,8 | 2024-01-01",
        "Pumpen stopper, så snart tanken er fuld, og lampen på forsiden bliver grøn.",  # Danish
        "Это предложение написано по-русски и довольно длинное.",
    ],
)
def test_no_text_and_other_languages_are_unsure(text: str) -> None:
    assert detect_language(text, CONFIGURED) == ""


def test_a_regional_code_counts_as_its_language() -> None:
    assert detect_language("水泵在水箱装满后立即停止，前面的灯变成绿色。", ["zh"]) == "zh"  # zh-cn inside


def test_the_same_text_gets_the_same_answer_every_time() -> None:
    assert len({detect_language("Export to PDF, total report 2024", CONFIGURED) for _ in range(20)}) == 1
