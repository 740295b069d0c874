"""The sections of the admin pages, and who sees which."""

from dataclasses import dataclass
from typing import Final

from app.access import Caller
from app.domain import MemberRole


def N_(text: str) -> str:  # noqa: N802 - the name by which texts to translate are found
    """Marks a text that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Section:
    """A link in the navigation. `needs`: the role in some knowledge base; None: an admin of the service."""

    path: str
    name: str
    needs: MemberRole | None


SECTIONS: Final = (
    Section("/admin", N_("Overview"), MemberRole.EDITOR),
    Section("/admin/knowledge-bases", N_("Knowledge bases"), MemberRole.EDITOR),
    Section("/admin/sources", N_("Sources"), MemberRole.ADMIN),
    Section("/admin/jobs", N_("Jobs"), MemberRole.EDITOR),
    Section("/admin/lab", N_("Chunking lab"), MemberRole.ADMIN),
    Section("/admin/insight", N_("Insight"), MemberRole.ADMIN),
    Section("/admin/assistants", N_("Assistants"), None),
    Section("/admin/models", N_("Models"), None),
    Section("/admin/comparison", N_("Comparison"), MemberRole.ADMIN),
    Section("/admin/tools", N_("Tools"), None),
    Section("/admin/webhooks", N_("Webhooks"), None),
    Section("/admin/widgets", N_("Widgets"), None),
    Section("/admin/connections", N_("Connections"), None),
    Section("/admin/people", N_("People"), None),
    Section("/admin/audit", N_("Audit"), MemberRole.ADMIN),
    Section("/admin/settings", N_("Settings"), None),
)


def sections_for(caller: Caller) -> list[Section]:
    """The sections that the caller may use."""
    return [each for each in SECTIONS if caller.is_admin or (each.needs and caller.access.with_role(each.needs))]
