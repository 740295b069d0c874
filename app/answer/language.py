"""Tell a question's language by its small words: a few words are too few for a detector made for documents."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]+")
_SMALL_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an of to in on at by for from with as is are was were be been do does did has have had can could "
        "may must shall should will would which who whom whose what when where why how many much long often it its "
        "this that these those there i me my we our us you your he she they his her their and or but not no if any "
        "about into than then get give me",
        "de": "der die das den dem des ein eine einer eines einem einen und oder aber nicht kein keine von zu zum zur "
        "im in am an auf bei mit für aus als ist sind war waren wird werden wurde wurden sein es er wir ihr ihre man "
        "sich dass wenn wie viel viele was wer wo wann warum welche welchem welcher welches welchen wem wen wessen "
        "heißt hieß auch nur noch bis nach vor über unter pro je hat haben kann können muss müssen soll "
        "sollen darf dürfen ich mein meine meinen mich mir gibt es um so",
        "fr": "le la les un une des du de d l et ou mais ne pas que qui quoi quel quelle quels quelles quand où "
        "pourquoi comment combien est sont était a ont avoir être dans sur sous avec pour par au aux ce cette ces il "
        "elle nous vous ils elles je mon ma mes son sa ses peut doit y en qu",
        "es": "el la los las un una unos unas de del al y o pero no que qué quién quiénes cuál cuáles cuándo cuánto "
        "cuánta cuántos cuántas dónde cómo por para con sin en sobre es son fue era está están hay ha han se su sus mi "
        "mis lo le les yo puede debe",
        "it": "il lo la i gli le un uno una di del della dello dei degli delle da dal dalla in nel nella con su per e "
        "o ma non che chi cosa quale quali quando quanto quanta quanti quante dove come perché è sono era ha hanno ho "
        "si mio mia può deve al alla l",
        "nl": "de het een van en of maar niet geen dat die dit deze wie wat welke wanneer waar waarom hoe hoeveel is "
        "zijn was waren wordt worden heeft hebben kan kunnen moet mag in op aan bij met voor uit als te er ik mijn wij "
        "ons je jouw u uw hij zij zich naar om",
        "pt": "o a os as um uma uns umas de do da dos das em no na nos nas por para com sem e ou mas não que quem qual "
        "quais quando quanto quanta quantos quantas onde como porque é são foi era está estão há se seu sua meu minha "
        "ao à pode deve eu",
    }.items()
}
# Letters that count as one small word more.
_LETTERS = {"de": "äöüß", "fr": "çèêœ", "es": "ñ¿¡", "pt": "ãõ"}


def question_language(question: str, among: Sequence[str]) -> str:
    """The ISO 639-1 code of the language, of these, that has most of the question's small words.

    "" where it has none of any of them, or as many of two: “Laptop refund?” is of no telling language.
    """
    counts = sorted(((_count(question, each), each) for each in among if each in _SMALL_WORDS), reverse=True)
    if not counts or counts[0][0] == 0 or (len(counts) > 1 and counts[0][0] == counts[1][0]):
        return ""
    return counts[0][1]


def _count(question: str, language: str) -> int:
    words = sum(match.group().casefold() in _SMALL_WORDS[language] for match in _WORD.finditer(question))
    return words + any(letter in question.casefold() for letter in _LETTERS.get(language, ""))
