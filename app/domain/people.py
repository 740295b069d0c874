"""People: what they may do in a knowledge base, and what of it is written down."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MemberRole(StrEnum):
    """What somebody may do in a knowledge base. Each may do what the ones before may.

    Readers ask and read; editors add, replace and delete documents; admins also cut it anew, watch sources, and say
    who else is a member.
    """

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, needed: "MemberRole") -> bool:
        """Whether this role may do what `needed` may."""
        order = list(MemberRole)
        return order.index(self) >= order.index(needed)

    def at_most(self, most: "MemberRole") -> "MemberRole":
        """This role, or `most` where that is less."""
        return most if self.covers(most) else self


class Deed(StrEnum):
    """What the audit log tells apart."""

    SIGN_IN = "sign in"
    SIGN_IN_FAILED = "sign in refused"
    SIGN_OUT = "sign out"
    SESSION_END = "end a session"
    PERSON_CREATE = "add a person"
    PERSON_CHANGE = "change a person"
    PERSON_DELETE = "delete a person"
    PASSWORD_CHANGE = "change a password"  # noqa: S105 - names a deed
    GROUP_CHANGE = "change a group"
    KEY_CREATE = "create a key"
    KEY_REVOKE = "revoke a key"
    MEMBER_CHANGE = "change a member"
    KNOWLEDGE_BASE_CREATE = "create a knowledge base"
    KNOWLEDGE_BASE_RENAME = "rename a knowledge base"
    KNOWLEDGE_BASE_DELETE = "delete a knowledge base"
    UPLOAD = "upload"
    INGEST = "take in a folder"
    DOCUMENT_DELETE = "delete a document"
    REINDEX = "re-index"
    ACTIVATE = "switch the generation"
    GENERATION_DELETE = "delete a generation"
    QUESTIONS_CHANGE = "change questions"
    SWEEP = "sweep"
    SOURCE_ADD = "add a source"
    SOURCE_CHANGE = "change a source"
    SOURCE_CHECK = "check a source"
    SOURCE_DELETE = "delete a source"
    JOB_CANCEL = "cancel a job"
    JOB_RETRY = "try a job again"
    JOB_DELETE = "delete a job"
    ASSISTANT_CHANGE = "change an assistant"
    MODEL_CHANGE = "change the model"
    SETTING_CHANGE = "change a setting"
    TOOL_CALL = "call a tool"
    TOOL_POLICY = "change a tool's rules"
    EXPORT = "export"
    SIGN_IN_LOCK = "lock a sign-in"
    REFUSALS_FORGET = "forget refused connections"
    SUBMISSION_ADD = "hand in a file"
    SUBMISSION_ACCEPT = "accept a submission"
    SUBMISSION_REFUSE = "refuse a submission"
    SUBMISSIONS_SWITCH = "switch submissions"
    FLAG_DISMISS = "dismiss a flag"
    WEBHOOK_CHANGE = "change a webhook"
    WIDGET_CHANGE = "change a widget"
    TOOL_SERVER_CHANGE = "change a tool server"
    BACKUP = "take a backup"
    RESTORE = "restore a backup"


class PersonState(StrEnum):
    """How far somebody is in: with a one-time link only, with a password, or shut out."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a sign-in comes from, in words: a browser as "Firefox 140, Linux", and its network address."""

    agent: str
    address: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One deed: who (`person` is the name at that time), what, in which knowledge base, on what (`subject`), and
    how, in a few words (`detail`).
    """

    id: int
    at: datetime
    person_id: str
    person: str
    deed: Deed
    knowledge_base_id: str | None
    subject_id: str
    subject: str
    detail: str
