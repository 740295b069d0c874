"""The words of the house, as frozen values: one word per idea, from file to citation.

Offsets are 0-based, half-open `[start, end)` positions in a document's parsed text, counted in
Unicode code points. Pages are 1-based. Rectangles are PDF points, origin at the bottom left.
"""

from app.domain.answers import (
    Answer,
    Citation,
    Grounds,
    Message,
    PageRect,
    Passage,
    Question,
    Reference,
    Role,
    Statement,
)
from app.domain.assistants import PLAIN, AnswerOptions, Assistant, Tool
from app.domain.chunks import Chunk, ChunkingProfile, GenerationState, IndexGeneration, KnowledgeBase, Splitter
from app.domain.crawls import (
    CrawledPage,
    CrawlEnd,
    CrawlMemory,
    CrawlRun,
    KnownPage,
    PageOutcome,
    PageState,
    RunPage,
    RunState,
)
from app.domain.documents import Attachment, Document, FoundFile, Line, Page, ParsedDocument, Rect, Removed
from app.domain.given_answers import AnswerFace, GivenAnswer, ShownPassage
from app.domain.jobs import ItemStatus, Job, JobItem, JobKind, JobState
from app.domain.passwords import LEAST_LENGTH, LEAST_POLICY, LEAST_VARIETY, PasswordFault, PasswordPolicy
from app.domain.people import AuditEvent, Deed, MemberRole, PersonState, Visitor
from app.domain.questions import AskedQuestion, QuestionOrigin
from app.domain.scopes import Scope
from app.domain.sites import CrawlEngine, FormLogin, SignIn, SiteOptions, WikiKind
from app.domain.sources import Schedule, Source, SourceKind, Standing
from app.domain.tables import Cell, Column, Selected, Table, TableResult
from app.domain.vectors import Found, Hit, IndexedChunk, SearchFilter, SparseVector

__all__ = [
    "LEAST_LENGTH",
    "LEAST_POLICY",
    "LEAST_VARIETY",
    "PLAIN",
    "Answer",
    "AnswerFace",
    "AnswerOptions",
    "AskedQuestion",
    "Assistant",
    "Attachment",
    "AuditEvent",
    "Cell",
    "Chunk",
    "ChunkingProfile",
    "Citation",
    "Column",
    "CrawlEnd",
    "CrawlEngine",
    "CrawlMemory",
    "CrawlRun",
    "CrawledPage",
    "Deed",
    "Document",
    "FormLogin",
    "Found",
    "FoundFile",
    "GenerationState",
    "GivenAnswer",
    "Grounds",
    "Hit",
    "IndexGeneration",
    "IndexedChunk",
    "ItemStatus",
    "Job",
    "JobItem",
    "JobKind",
    "JobState",
    "KnowledgeBase",
    "KnownPage",
    "Line",
    "MemberRole",
    "Message",
    "Page",
    "PageOutcome",
    "PageRect",
    "PageState",
    "ParsedDocument",
    "Passage",
    "PasswordFault",
    "PasswordPolicy",
    "PersonState",
    "Question",
    "QuestionOrigin",
    "Rect",
    "Reference",
    "Removed",
    "Role",
    "RunPage",
    "RunState",
    "Schedule",
    "Scope",
    "SearchFilter",
    "Selected",
    "ShownPassage",
    "SignIn",
    "SiteOptions",
    "Source",
    "SourceKind",
    "SparseVector",
    "Splitter",
    "Standing",
    "Statement",
    "Table",
    "TableResult",
    "Tool",
    "Visitor",
    "WikiKind",
]
