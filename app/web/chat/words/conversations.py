"""What can be done with a conversation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversationWords:
    """All of them go to the page's script (static/conversations.js)."""

    branch: str
    branch_of: str
    compare: str
    edit_hint: str
    this_conversation: str
    pin: str
    unpin: str
    pinned: str
    export_markdown: str
    export_json: str
    not_done: str


ENGLISH = ConversationWords(
    branch="Branch from here",
    branch_of="{name} (branch)",
    compare="Compare with another model",
    edit_hint="What came after this question will be removed. To keep it, first use “Branch from here” below.",
    this_conversation="This conversation",
    pin="Pin",
    unpin="Unpin",
    pinned="Pinned",
    export_markdown="Export as Markdown",
    export_json="Export as JSON",
    not_done="Nothing was changed: the service does not answer. Try again in a moment.",
)

GERMAN = ConversationWords(
    branch="Hier abzweigen",
    branch_of="{name} (Abzweig)",
    compare="Mit einem anderen Modell vergleichen",
    edit_hint="Was nach dieser Frage kam, wird entfernt. Um es zu behalten, zweigen Sie vorher unter ihrer Antwort ab.",
    this_conversation="Diese Unterhaltung",
    pin="Anheften",
    unpin="Lösen",
    pinned="Angeheftet",
    export_markdown="Als Markdown exportieren",
    export_json="Als JSON exportieren",
    not_done="Nichts wurde geändert: Der Dienst antwortet nicht. Versuchen Sie es gleich noch einmal.",
)
