"""Choosing who answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoosingWords:
    assistant: str
    model: str
    no_assistant: str
    no_assistant_hint: str
    usual_model: str
    usual_model_hint: str
    assistant_gone: str
    model_gone: str


ENGLISH = ChoosingWords(
    assistant="Assistant",
    model="Language model",
    no_assistant="No assistant",
    no_assistant_hint="Answers from all that you may read.",
    usual_model="Usual model",
    usual_model_hint="The assistant’s own, else {name}.",
    assistant_gone="The assistant “{name}” is not offered to you any more; you are answered without it from here on.",
    model_gone="The language model of this chat is not offered any more; the usual one answers from here on.",
)

GERMAN = ChoosingWords(
    assistant="Assistent",
    model="Sprachmodell",
    no_assistant="Ohne Assistent",
    no_assistant_hint="Antwortet aus allem, was Sie lesen dürfen.",
    usual_model="Übliches Modell",
    usual_model_hint="Das des Assistenten, sonst {name}.",
    assistant_gone="Der Assistent „{name}“ steht Ihnen nicht mehr zur Wahl; ab hier wird ohne ihn geantwortet.",
    model_gone="Das Sprachmodell dieses Chats steht nicht mehr zur Wahl; ab hier antwortet das übliche.",
)
