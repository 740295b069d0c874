"""A knowledge base with one of everything that has an id, and the same addresses leading nowhere."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqladmin.helpers import slugify_class_name
from sqlmodel import select

from app.db import (
    assistants,
    crawls,
    documents,
    flags,
    generations,
    groups,
    jobs,
    people,
    questions,
    sources,
    submissions,
    sweeps,
    tool_servers,
    webhooks,
    widgets,
)
from app.db.assistants import AssistantDraft
from app.db.people_tables import ApiKey
from app.domain import (
    CHOOSABLE,
    AskedQuestion,
    ChunkingProfile,
    FlagPlace,
    FlagReason,
    FoundFile,
    FoundFlag,
    MemberRole,
    Question,
    Schedule,
    SourceKind,
    Splitter,
    WebhookDraft,
    WidgetDraft,
)
from app.domain.votes import Side
from app.lab.comparisons import Comparison, Contestant
from app.services import Services
from app.web.admin.records.views import People
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import PASSWORD
from tests.app.web.stored_chat import Chat
from tests.taking_in import open_base, take_in, wait_for

# What stands in forms and addresses and belongs to nobody: enough for a route to read its request.
PLAIN: Mapping[str, Any] = {
    "n": "1",
    "number": "1",
    "format": "csv",
    "side": "left",
    "tool": "search",
    "urls": "https://wiki.example/",
    "sizes": "64",
    "overlaps": "0",
    "temperature": "0.5",
    "query": "Which number is dear?",
    "question": "Which number is dear?",
    "filename": "none.txt",
    "full_path": "nowhere",
    "provider_id": "none",
    "avatar_id": "none",
    "language": "en-US",
    "username": "nobody at all",
    "host": "none.example",
    "file": "none",
    "export_type": "csv",
    "pk": "1",
    "text": "Some words.",
    "session_id": "none",
    "sessionId": "none",
    "reason": "instructions",
}
PLAIN_BELOW: Mapping[str, Mapping[str, Any]] = {
    # What a key is called names nothing.
    "/account/keys": {"name": "script"},
    "/admin/people/{id}/keys": {"name": "script"},
    "/api/v1/api-keys": {"name": "script"},
    "/api/v1/conversations": {"format": "json"},
    "/api/v1/speech": {"format": "wav"},
    "/admin/records": {"identity": slugify_class_name(People.__name__)},
    "/admin/models/offered": {"id": "none"},
    "/admin/tools/servers": {"name": "Tickets", "url": "http://127.0.0.1:9/mcp"},
    "/welcome": {"token": "none"},
}
# What an address of the API names a knowledge base by; the pages go by its id.
BY_NAME = "/api/v1"


@dataclass(frozen=True)
class Estate:
    """A knowledge base and what belongs to it or to its owner.

    `marker`: a word that stands in all of its texts, and that nobody asks for. `things`: ids and names, by the names of
    parameters, for the addresses that begin with a place.
    """

    name: str
    base_id: str
    owner_id: str
    marker: str
    things: Mapping[str, Mapping[str, Any]]

    def values(self, path: str) -> dict[str, Any]:
        """What the parameters of a path are filled with, here."""
        place = max((place for place in self.things if path.startswith(place)), key=len)
        plain = next((each for start, each in PLAIN_BELOW.items() if path.startswith(start)), {})
        return {**PLAIN, **self.things[""], **self.things[place], **plain}

    def fill(self, path: str) -> str:
        """The path with ids of what is here. KeyError for a parameter that is unknown here."""
        values = self.values(path)
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: quote(str(values[match[1]]), safe=""), path)

    def is_named_in(self, said: str) -> bool:
        """Whether something of here is named in a request."""
        return any(value in said for value in self._spellings)

    def without_names(self, text: str) -> str:
        """A text with one sign in place of each id and name of here."""
        for value in self._spellings:
            text = text.replace(value, "·")
        return text

    @cached_property
    def elsewhere(self) -> "Estate":
        """The same addresses and forms, leading nowhere: ids and names that nobody ever gave."""
        things = {
            place: {name: _nowhere(value) for name, value in values.items()} for place, values in self.things.items()
        }
        return Estate(_nowhere(self.name), _nowhere(self.base_id), "", self.marker, things)

    @cached_property
    def _spellings(self) -> list[str]:
        plain = {str(v) for values in self.things.values() for each in values.values() for v in _flat(each)}
        spelt = {way(value) for value in plain for way in (str, quote, quote_plus, html.escape, _as_json)}
        return sorted(spelt, key=len, reverse=True)


def build_estate(services: Services, folder: Path, name: str, marker: str) -> Estate:
    """A knowledge base with one of everything. Neither its name nor its owner's holds the marker."""
    (folder / marker).mkdir()
    text, table = folder / marker / f"{marker}.md", folder / marker / f"{marker}-list.csv"
    text.write_text(f"# {marker}\n\n" + " ".join(f"The {marker} number {n} is dear." for n in range(20)) + "\n")
    table.write_text("Ware,Price\n" + "".join(f"{marker} {n},{n}\n" for n in range(1, 9)))
    take_in(services, text, table, kb=name)
    base = open_base(services, name)
    trial = services.ingest().reindexing.begin(
        base.id, ChunkingProfile(Splitter.SENTENCE, 16, 0), person_id="local", is_trial=True
    )
    wait_for(services, trial)
    owner = caller_of(services, f"Owner of {name}", roles={base.id: MemberRole.ADMIN})
    with services.database.write() as session:
        document = next(each for each in documents.list_briefs(session, [base.id]) if each.name == text.name)
        (question,) = questions.put(
            session, base.id, [AskedQuestion(f"What of {marker}?", document.id, f"The {marker}")], created_by="local"
        )
        source = sources.put_source(
            session,
            SourceKind.FOLDER,
            f"/srv/{marker}",
            knowledge_base_id=base.id,
            schedule=Schedule(""),
            created_by="local",
        )
        sweep = sweeps.create(session, base.id, '{"ways":[],"tuning":[],"held_out":[]}', requested_by="local")
        sweeps.finish(session, sweep, error=None)
        generation = next(each for each in generations.list_of(session, base.id) if each.id != base.generation_id)
        job = jobs.list_jobs(session, [base.id])[-1].id
        crawls.create_run(session, job, source, accepts_removals=False)
        group = groups.create(session, f"Group of {name}")
        people.create_api_key(session, people.find_enabled(session, owner.id), f"Key {marker}")  # type: ignore[arg-type]
        key = session.exec(select(ApiKey.id).where(ApiKey.person_id == owner.id)).one()
        assistant_name = f"Assistant of {name}"
        assistant = assistants.create(
            session, AssistantDraft(assistant_name, knowledge_base_ids=(base.id,)), created_by="local"
        )
        server = tool_servers.add(
            session, name=f"Tools of {name}", url="http://127.0.0.1:9/mcp", sealed_key="", created_by="local"
        )
        submissions.set_taking(session, base.id, takes=True)
        content_hash, size = services.files.add(BytesIO(marker.encode()))
        handed_in = FoundFile(f"{marker}.txt", f"upload:{marker}.txt", content_hash, size)
        submission = submissions.put(session, base.id, owner.id, handed_in, most_waiting=1)
        version_id = documents.get_document(session, document.id).version_id
        flagged = FoundFlag(FlagReason.INSTRUCTIONS, (FlagPlace(None, 0, len(marker)),))
        flags.put_new(session, [flagged], knowledge_base_id=base.id, document_id=document.id, version_id=version_id)
        told = WebhookDraft(f"Hook {marker}", "http://127.0.0.1:9/none", frozenset(CHOOSABLE), base.id)
        webhook = webhooks.create(session, told, "", created_by="local")
        delivery = webhooks.add_test(session, webhook)
        shown = WidgetDraft(f"Widget {marker}", "", "", None, (base.id,), ("https://intranet.example",))
        widget = widgets.create(session, shown, created_by="local")
    chat = Chat(services, owner.id, f"Chat {marker}")
    chat.file.write_text(f"A passage about {marker}.")
    session_id = caller_session(services, owner.name)
    comparison = Comparison(owner.id, Question(f"What of {marker}?"), dict.fromkeys(Side, Contestant("", "m")), base.id)
    services.comparisons.add(comparison)
    common: dict[str, Any] = {"kb": base.id, "base": base.id, "knowledge_base_id": base.id, "knowledge_bases": [name]}
    common |= {"document_id": document.id, "document": document.id, "chosen": document.id}
    common |= {"job": job, "job_id": job, "generation_id": generation.id, "baseline_id": base.generation_id}
    common |= {"sweep_id": sweep, "member_id": owner.id, "group_id": group.id, "group": group.id, "key_id": key}
    common |= {"person": owner.name, "name": owner.name, "session_id": session_id, "assistant": assistant_name}
    common |= {
        "message_id": chat.ids["answer"],
        "step_id": chat.ids["answer"],
        "threadId": chat.id,
        "forId": chat.ids["answer"],
    }
    common |= {"thread_id": chat.id, "element_id": chat.key.split("/")[1], "file_id": chat.key.split("/")[1]}
    common |= {"submission_id": submission, "version_id": version_id}
    common |= {"feedbackId": chat.ids["run"], "key_base": base.id}
    named: dict[str, Any] = {"kb": name}
    return Estate(
        name,
        base.id,
        owner.id,
        marker,
        {
            "": common,
            "/account/keys": {"id": key},
            "/admin/jobs/stream": {"job": job},
            "/compare": {"id": comparison.id, "kb": base.id},
            "/account/sessions": {"id": session_id},
            "/admin/knowledge-bases": {"id": base.id},
            "/admin/lab": {"id": base.id, "question": question},
            "/admin/people": {"id": owner.id},
            "/admin/people/groups": {"id": group.id},
            "/admin/assistants": {"id": assistant},
            "/admin/tools/servers": {"id": server},
            "/admin/documents": {"id": document.id},
            "/admin/jobs": {"id": job},
            "/admin/sources": {"id": source},
            "/admin/runs": {"id": job},
            "/admin/webhooks": {"id": webhook, "delivery_id": delivery},
            "/admin/widgets": {"id": widget},
            "/widget": {"id": widget},
            "/api/v1/webhooks": {**named, "id": webhook, "knowledge_base": name},
            BY_NAME: named,
            "/api/v1/knowledge-bases/{kb}/questions": {**named, "id": question},
            "/api/v1/knowledge-bases/{kb}/members": {**named, "id": owner.id},
            "/api/v1/api-keys": {**named, "id": key},
            "/api/v1/documents": {**named, "id": document.id},
            "/api/v1/generations": {**named, "id": generation.id},
            "/api/v1/jobs": {**named, "id": job},
            "/api/v1/sources": {**named, "id": source},
            "/api/v1/runs": {**named, "id": job},
            "/api/v1/submissions": {**named, "id": submission},
            "/api/v1/conversations": {**named, "id": chat.id},
            "/v1": {**named, "id": assistant_name, "model": assistant_name},
            "/admin/records": {"pk": owner.id},
        },
    )


def caller_session(services: Services, name: str) -> str:
    """An open session of a browser of this person."""
    from app.domain import Visitor
    from app.operations import sessions

    signed_in = sessions.sign_in(name, PASSWORD, Visitor("a browser", "127.0.0.1"), services)
    assert signed_in
    return signed_in.session_id


def _nowhere(value: Any) -> Any:
    """Of the same kind and length, and nobody's. Words stay words."""
    if isinstance(value, list):
        return [_nowhere(each) for each in value]
    if " " in value:
        return f"{value} that never was"
    return re.sub(r"[0-9a-zA-Z]", "0", value)


def _flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
