"""What the chat page says itself, in English and German: a file and a type for each area."""

from dataclasses import dataclass

from app.web.chat.words import (
    adding,
    answer,
    approval,
    buttons,
    choosing,
    commands,
    computed,
    conversations,
    doubts,
    evidence,
    files,
    notation,
    pictures,
    search,
    speech,
    tools,
    transcript,
)
from app.web.chat.words.adding import AddingWords
from app.web.chat.words.answer import AnswerWords
from app.web.chat.words.approval import ApprovalWords
from app.web.chat.words.buttons import ButtonWords
from app.web.chat.words.choosing import ChoosingWords
from app.web.chat.words.commands import CommandWords
from app.web.chat.words.computed import ComputedWords
from app.web.chat.words.conversations import ConversationWords
from app.web.chat.words.doubts import DoubtWords
from app.web.chat.words.evidence import EvidenceWords
from app.web.chat.words.files import FileWords
from app.web.chat.words.notation import NotationWords
from app.web.chat.words.pictures import PictureWords
from app.web.chat.words.search import SearchWords
from app.web.chat.words.speech import SpeechWords
from app.web.chat.words.tools import ToolWords
from app.web.chat.words.transcript import TranscriptWords
from app.web.language import choose_language


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language. Braces are filled with `str.format`."""

    notation: NotationWords
    answer: AnswerWords
    buttons: ButtonWords
    doubts: DoubtWords
    search: SearchWords
    evidence: EvidenceWords
    computed: ComputedWords
    speech: SpeechWords
    tools: ToolWords
    approval: ApprovalWords
    commands: CommandWords
    files: FileWords
    pictures: PictureWords
    adding: AddingWords
    choosing: ChoosingWords
    conversations: ConversationWords
    transcript: TranscriptWords


ENGLISH = Words(
    notation=notation.ENGLISH,
    answer=answer.ENGLISH,
    buttons=buttons.ENGLISH,
    doubts=doubts.ENGLISH,
    search=search.ENGLISH,
    evidence=evidence.ENGLISH,
    computed=computed.ENGLISH,
    speech=speech.ENGLISH,
    tools=tools.ENGLISH,
    approval=approval.ENGLISH,
    commands=commands.ENGLISH,
    files=files.ENGLISH,
    pictures=pictures.ENGLISH,
    adding=adding.ENGLISH,
    choosing=choosing.ENGLISH,
    conversations=conversations.ENGLISH,
    transcript=transcript.ENGLISH,
)

GERMAN = Words(
    notation=notation.GERMAN,
    answer=answer.GERMAN,
    buttons=buttons.GERMAN,
    doubts=doubts.GERMAN,
    search=search.GERMAN,
    evidence=evidence.GERMAN,
    computed=computed.GERMAN,
    speech=speech.GERMAN,
    tools=tools.GERMAN,
    approval=approval.GERMAN,
    commands=commands.GERMAN,
    files=files.GERMAN,
    pictures=pictures.GERMAN,
    adding=adding.GERMAN,
    choosing=choosing.GERMAN,
    conversations=conversations.GERMAN,
    transcript=transcript.GERMAN,
)


def words_for(language: str) -> Words:
    """The words for a browser's language (“de-AT”) or what it accepts (“de-AT, en;q=0.5”)."""
    return GERMAN if choose_language(language) == "de" else ENGLISH
