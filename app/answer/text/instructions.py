"""Tell text that reads like instructions to the assistant from text that does not. Rules, no model. Pure.

Measured by `python -m bench injection`. It labels and counts; what keeps data in is the gate, not this.
"""

import re
from typing import Final

from app.answer.text.folding import fold_text

_ASSISTANT: Final = (
    r"(?:ai|a\.i\.|ki|ia|artificial intelligence|llms?|(?:large )?language models?|chat ?bots?|chat ?gpt|gpt-?\d*|"
    r"claude|gemini|copilot|llama|assistants?|ai (?:assistant|model|agent|system)s?|sprachmodelle?|assistent(?:en|in)?|"
    r"ki-(?:assistent(?:en|in)?|modelle?|systeme?)|intelligence artificielle|assistante?|asistente|assistente)"
)
_RULES: Final = (
    r"(?:instruction|prompt|guideline|direction|directive|command|rule|constraint|anweisung|vorgabe|regel|anleitung|"
    r"befehl|aufforderung|consigne|règle|instruccion|instrucción|indicacion|indicación|regla|istruzion|instructie|"
    r"instrução|instruç)(?:s|es|en|n|e|i|ões)?"
)
_TOLD: Final = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|system|other|your|all|"
    r"bisherigen?|vorherigen?|vorigen?|obigen?|früheren?|vorangegangenen?|deine|ihre|alle[nr]?|précédente?s?|"
    r"antérieure?s?|anteriores?|previas?|precedenti|vorige|eerdere)"
)
_ANSWER: Final = (
    r"(?:answers?|responses?|reply|replies|messages?|output|summary|antwort(?:en)?|ausgabe|zusammenfassung|réponse|"
    r"respuesta|risposta)"
)
_CHANGE: Final = (
    r"(?:add|include|insert|integrate|incorporate|append|prepend|begin|start|end|finish|conclude|modify|change|alter|"
    r"adjust|replace|rewrite|rephrase|write|provide|respond|reply|answer|render|use|remove|misspell|scramble|introduce|"
    r"substitute|rearrange|anagram|group|encode|translate|convert|format|suggest|mention|promote|recommend|advertise|"
    r"encourage|craft|embed|weave|place|put|state|tell|express|highlight|emphasi[sz]e|tease|hint|spell|swap|shift|"
    r"make|give|deliver|augment|enhance|combine|enrich|spice|generate|say|print|display|present|employ|apply|eliminate|omit|delete|jumble|mix|reorder|merge|"
    r"füge?n?|schreibe?n?|nenne?n?|erwähnen?|erwähne|beginnen?|beginne|beende?n?|ersetzen?|ersetze|antworten?|antworte|"
    r"empfiehl|empfehlen|gib|geben|baue?n?|ajoute[zr]?|inclu[sez]+|écri[stvez]+|añade|incluye|escribe|aggiungi|scrivi)"
)
_SECRETS: Final = (
    r"(?:conversations?|chats?|chat history|history|questions?|prompts?|passwords?|secrets?|credentials?|api keys?|"
    r"keys?|documents?|contents?|context|data|files?|passages?|text|answers?|gespräche?|fragen?|passwör?t(?:er|e)?|passwort|"
    r"geheimnisse?|dokumente?|inhalte?|daten|verlauf|text(?:e|s)?)"
)
_PATTERNS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # What was said before is not to hold.
        rf"\b(?:ignor\w+|disregard|forget|override|overrule|bypass|skip|vergiss|vergessen sie|missachten?|missachte|"
        rf"überschreiben?|überschreibe|oublie[zr]?|olvid\w+|omit[ea]|dimentica|negeer|esque[cç]\w+)\b"
        rf"(?:\W+\w+){{0,3}}?\W+{_TOLD}(?:\W+\w+){{0,3}}?\W+(?:{_RULES}|text|context|questions?|fragen?|messages?)\b",
        rf"\b(?:ignor\w+|disregard|forget|override|bypass|vergiss|missachte)\b(?:\W+\w+){{0,2}}?\W+"
        rf"(?:the|any|these|those|die|den|les|las|los)\W+{_RULES}\b",
        r"\b(?:ignore|disregard|forget|vergiss|ignoriere)\W+(?:everything|all|anything|alles|was)\W+"
        r"(?:\w+\W+){0,2}?(?:above|before|previous|said|told|so far|davor|oben|bisher|zuvor|gesagt)",
        rf"\b(?:ignore|disregard|forget|ignoriere|vergiss|missachte)\b(?:\W+\w+){{0,2}}?\W+(?:{_RULES}|text|context)\W+"
        r"(?:above|before|so far|given|oben|davor|zuvor)\b",
        r"\b(?:oublie[zr]?|ignore[zr]?|olvid\w+|ignora|dimentica)\b(?:\W+\w+){0,2}?\W+(?:instructions|consignes|règles|"
        r"instrucciones|reglas|istruzioni|regole)\b",
        # The reader is taken for a model.
        rf"\b(?:dear|hey|hello|hi|attention|note to|message to|memo to|instructions? (?:for|to)|notice to|"
        rf"important for|listen|liebe[rs]?|hallo|achtung|hinweis an|nachricht an|anweisung(?:en)? an|wichtig für|cher|"
        rf"chère|querido|attenzione|aandacht)\W+(?:(?:the|any|all|every|an?|die|das|den|alle|le|el|il)\W+)?{_ASSISTANT}\b",
        rf"\bif you are an? (?:\w+ )?{_ASSISTANT}\b",
        rf"\bas an? {_ASSISTANT}\b(?:\W+\w+){{0,4}}?\W+(?:you|must|should|your)\b",
        rf"\byou are (?:now|no longer)\b(?:\W+\w+){{0,4}}?\W+(?:{_ASSISTANT}|dan|unrestricted|pirate|mode|hacker)\b",
        rf"\b(?:du bist|sie sind) (?:jetzt|nun|ab sofort|nicht mehr)\b(?:\W+\w+){{0,4}}?\W+{_ASSISTANT}\b",
        r"\b(?:new|updated|additional|real|secret|hidden|neue|weitere|geheime|nouvelles?|nuevas?) "
        r"(?:system )?(?:instructions?|prompt|anweisung(?:en)?|instrucciones) ?(?:for you|für dich|für sie)?:",
        r"\b(?:from now on|ab sofort|ab jetzt|désormais|a partir de ahora)\b(?:\W+\w+){0,2}?\W+"
        r"(?:you (?:are|must|will|shall|should|have)|your|answer|respond|reply|speak|act|"
        r"antworte|antworten|du|vous|responde)\b",
        r"\b(?:developer|god|debug|jailbreak|dan) mode\b(?:\W+\w+){0,3}?\W+(?:enabled|on|activated)\b",
        r"\b(?:reveal|print|show|repeat|output|leak|tell me|zeige|verrate|gib|wiederhole|nenne)\b(?:\W+\w+){0,4}?\W+"
        r"(?:system ?prompt|hidden prompt|initial prompt|your (?:instructions|prompt))\b",
        # The answer is to be different.
        rf"(?:^|[.!?:;\n\"'(]\s*|\b(?:and|then|please|also|always|und|bitte|dann|must|should|to)\s+){_CHANGE}\b"
        rf"(?:(?![.!?]\s)[^\n]){{0,160}}?\b(?:your|deine[rnms]?|ihre[rnms]?|votre|ta|tu|tua)\s+(?:\w+\s+)?{_ANSWER}"
        rf"(?:'s|’s)?\b",
        rf"\bin (?:your|deiner|ihrer) {_ANSWER}\b\W+(?:please\W+|bitte\W+)?{_CHANGE}\b",
        r"\b(?:answer|respond|reply|antworte|antworten sie|réponds|responde)\W+(?:only|exclusively|solely|just|always|"
        r"nur|ausschließlich|immer|seulement|solo)\W+(?:with|in|by|using|mit|auf|par|con)\b",
        r"\binstead\b,?(?:\W+of \w+ing[^.\n]{0,40}?,)?\W+(?:answer|say|respond|reply|output|write|print|tell)\b",
        # Tools are to be used, and something is to be sent.
        r"\b(?:web_search|open_page|read_aloud|search_documents|query_table)\b",
        r"\b(?:call|use|invoke|run|execute|trigger|rufe|benutze|verwende|nutze)\b\W+(?:the|a|your|das|die|dein\w*)\W+"
        r"(?:\w+\W+)?(?:\w+_\w+|web|websuche|web search|search|internet|browser|e-?mail|plug-?in)\W+(?:tool|function|"
        r"plug-?in|werkzeug|funktion)\b",
        rf"\b(?:send|post|upload|transmit|forward|exfiltrate|leak|submit|deliver|sende|schicke|übermittle|lade|leite|"
        rf"envoie|envía|invia)\b[^.\n]{{0,80}}?\b{_SECRETS}\b[^\n]{{0,60}}?(?:https?://|\bwww\.|\w@\w)",
        r"\bsearch (?:the (?:web|internet)|online|google) for\b[^.\n]{0,60}?\b(?:password|secret|key|iban|"
        r"this document|conversation)\b",
        r"!\[[^\]\n]*\]\(\s*https?://[^)\s]*[?&/][^)\s]*(?:\{|\[|%7b|<|\bdata\b|\bsecret\b|\bquery=)",
        # The person is not to know.
        r"\b(?:do not|don't|never|without|must not|should not)\W+(?:tell|telling|mention|mentioning|reveal|revealing|"
        r"inform|informing|warn|warning|notify|notifying|alert|alerting|ask|asking)\b(?:\W+\w+){0,4}?\W+(?:users?|reader|"
        r"person asking|human)\b",
        r"\b(?:sage?n?|verrate?n?|erwähne?n?)\b(?:\W+\w+){0,4}?\W+(?:nutzer|benutzer|anwender)(?:in|n)?\b"
        r"(?:\W+\w+){0,3}?\W+(?:nicht|nichts)\b",
        # Marks of conversations.
        r"<\s?\|\s?(?:im_start|im_end|system|user|assistant|start_header_id|eot_id|end|endoftext)\s?\|\s?>",
        r"\[/?inst\]|<</?sys>>|</?(?:start|end)_of_turn>|^\W*#{2,}\s*(?:system|instruction|response)\s*:",
    )
)
# Words hidden as tags, text turned around by marks of direction, and runs of what draws nothing.
_HIDDEN: Final = re.compile("[\U000e0020-\U000e007e]{8}|[\u202d\u202e]|[\u200b-\u200d\u2060-\u2064\ufeff]{16}")


def reads_like_instructions(text: str) -> bool:
    """Whether a text speaks to the assistant: wants rules forgotten, the answer changed, tools called, something sent
    or kept from the person, or hides words.
    """
    if _HIDDEN.search(text):
        return True
    # As a cell of a table a bar is written with a backslash.
    folded = fold_text(text).replace("\\|", "|")
    return any(pattern.search(folded) for pattern in _PATTERNS)
