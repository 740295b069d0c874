"""The tables that can be looked at, each with the columns that may be seen. What is not named is not shown."""

from typing import Any, ClassVar, Final

from sqladmin import ModelView
from sqlalchemy import Integer, Select, select
from starlette.requests import Request

from app.db.people_tables import AnswerRow, ApiKey, AuditRow, GroupRow, Person, SessionRow
from app.db.tables import Generation, JobRow, KnowledgeBaseRow, SourceRow
from app.web.admin.navigation import N_


class Records(ModelView):
    """Rows to read: nothing can be made, changed or deleted here."""

    can_create = can_edit = can_delete = can_import = False
    page_size = 50
    page_size_options: ClassVar = [50]
    list_template = "records/list.html"
    details_template = "records/details.html"
    columns: ClassVar[tuple[str, ...]] = ()
    """Those of the list."""
    more_columns: ClassVar[tuple[str, ...]] = ()
    """Those that are shown of a single row and taken away besides."""

    def details_query(self, request: Request) -> Select[Any]:
        """By the id in the address. sqladmin's own query does not know SQLModel's kind of text."""
        key, id = self.pk_columns[0], request.path_params["pk"]
        return select(self.model).where(key == (int(id) if isinstance(key.type, Integer) else id))

    async def get_object_for_details(self, request: Request) -> Any:
        """The row; None where there is none, or where the address cannot be an id."""
        try:
            return await super().get_object_for_details(request)
        except (ValueError, OverflowError):
            return None

    def get_list_columns(self) -> list[str]:
        return list(self.columns)

    def get_details_columns(self) -> list[str]:
        return [*self.columns, *self.more_columns]

    def get_export_columns(self) -> list[str]:
        return self.get_details_columns()


class AuditEvents(Records, model=AuditRow):
    name, name_plural = N_("Audit event"), N_("Audit events")
    columns = ("id", "at", "person", "deed", "subject")
    more_columns = ("person_id", "knowledge_base_id", "subject_id", "detail")
    column_sortable_list = ("id", "at", "person", "deed")
    column_searchable_list = ("person", "deed", "subject", "detail")
    column_default_sort = ("id", True)


class People(Records, model=Person):
    name, name_plural = N_("Person"), N_("People")
    columns = ("name", "is_admin", "created_at", "disabled_at")
    more_columns = ("id",)
    column_sortable_list = ("name", "created_at", "disabled_at")
    column_searchable_list = ("name", "id")
    column_default_sort = "name"


class Sessions(Records, model=SessionRow):
    name, name_plural = N_("Browser session"), N_("Browser sessions")
    columns = ("person_id", "agent", "address", "created_at", "seen_at", "ended_at")
    column_sortable_list = ("person_id", "created_at", "seen_at", "ended_at")
    column_searchable_list = ("person_id", "agent", "address")
    column_default_sort = ("seen_at", True)


class Keys(Records, model=ApiKey):
    name, name_plural = N_("API key"), N_("API keys")
    columns = ("name", "person_id", "beginning", "created_at", "expires_at", "used_at")
    more_columns = ("id",)
    column_sortable_list = ("name", "created_at", "expires_at", "used_at")
    column_searchable_list = ("name", "person_id", "beginning")
    column_default_sort = ("created_at", True)


class Groups(Records, model=GroupRow):
    name, name_plural = N_("Group"), N_("Groups")
    columns = ("name", "created_at")
    more_columns = ("id",)
    column_sortable_list = ("name", "created_at")
    column_searchable_list = ("name", "id")
    column_default_sort = "name"


class KnowledgeBases(Records, model=KnowledgeBaseRow):
    name, name_plural = N_("Knowledge base"), N_("Knowledge bases")
    columns = ("name", "active_generation_id", "created_at", "deleted_at")
    more_columns = ("id",)
    column_sortable_list = ("name", "created_at", "deleted_at")
    column_searchable_list = ("name", "id", "active_generation_id")
    column_default_sort = "name"


class Generations(Records, model=Generation):
    name, name_plural = N_("Generation"), N_("Generations")
    columns = ("knowledge_base_id", "splitter", "chunk_size", "overlap", "state", "created_at", "retired_at")
    more_columns = ("id", "embedding_model_id", "is_trial")
    column_sortable_list = ("knowledge_base_id", "state", "created_at", "retired_at")
    column_searchable_list = ("id", "knowledge_base_id", "state", "embedding_model_id")
    column_default_sort = ("created_at", True)


class Jobs(Records, model=JobRow):
    name, name_plural = N_("Job"), N_("Jobs")
    columns = ("kind", "knowledge_base_id", "requested_by", "state", "created_at", "finished_at")
    more_columns = ("id", "source_id", "generation_id", "removed", "error", "started_at", "cancelled_at")
    column_sortable_list = ("kind", "knowledge_base_id", "state", "created_at", "finished_at")
    column_searchable_list = ("id", "kind", "knowledge_base_id", "requested_by", "state", "error")
    column_default_sort = ("created_at", True)


class Sources(Records, model=SourceRow):
    name, name_plural = N_("Source"), N_("Sources")
    columns = ("kind", "location", "knowledge_base_id", "schedule", "is_paused", "checked_at")
    more_columns = ("id", "time_zone", "created_by", "created_at", "error", "failures", "retry_at")
    column_sortable_list = ("kind", "location", "knowledge_base_id", "checked_at")
    column_searchable_list = ("id", "kind", "location", "knowledge_base_id", "error")
    column_default_sort = "location"


class Answers(Records, model=AnswerRow):
    name, name_plural = N_("Answer"), N_("Answers")
    columns = ("at", "face", "is_abstained", "is_computed", "citations", "total_ms")
    more_columns = ("id", "knowledge_base_ids", "retrieve_ms", "first_token_ms")
    column_sortable_list = ("at", "face", "citations", "total_ms")
    column_searchable_list = ("face", "knowledge_base_ids")
    column_default_sort = ("at", True)


VIEWS: Final[tuple[Any, ...]] = (
    AuditEvents,
    People,
    Sessions,
    Keys,
    Groups,
    KnowledgeBases,
    Generations,
    Jobs,
    Sources,
    Answers,
)
