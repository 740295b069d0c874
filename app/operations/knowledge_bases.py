"""Knowledge bases: who sees them, making, renaming and deleting them, and who is a member."""

from app.access import Caller, ReadableKnowledgeBase
from app.db import knowledge_bases, members
from app.domain import Deed, KnowledgeBase, MemberRole
from app.errors import NotFound
from app.operations.note import note
from app.services import Services


def find_named(name: str, caller: Caller, role: MemberRole) -> ReadableKnowledgeBase:
    """The knowledge base of this name. Raises NotFound where it may not be read, Forbidden below this role."""
    base = caller.access.readable.get(name)
    if base is None:
        raise NotFound(f"There is no knowledge base “{name}” that you may read.")
    return caller.access.require(base.id, role)


def create(name: str, caller: Caller, services: Services) -> KnowledgeBase:
    """An empty knowledge base; one that is there already is returned as it is. For admins of the service.

    Raises Forbidden, Rejected.
    """
    caller.require_admin()
    with services.database.read() as session:
        known = knowledge_bases.find(session, name)
    if known:
        return known
    with services.database.write() as session:
        made = knowledge_bases.get_or_create(
            session,
            name,
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )
    note(services, caller, Deed.KNOWLEDGE_BASE_CREATE, subject_id=made.id, subject=made.name)
    return made


def rename(id: str, name: str, caller: Caller, services: Services) -> None:
    """Give a knowledge base another name. Raises NotFound, Forbidden, Rejected."""
    base = caller.access.require(id, MemberRole.ADMIN)
    with services.database.write() as session:
        knowledge_bases.rename(session, id, name.strip())
    note(services, caller, Deed.KNOWLEDGE_BASE_RENAME, base=base, subject=name.strip(), detail=f"was “{base.name}”")


def delete(id: str, caller: Caller, services: Services) -> None:
    """Take a knowledge base from sight at once, and remove all that is in it. For admins of the service.

    Raises NotFound, Forbidden; Rejected while a job of it runs.
    """
    caller.require_admin()
    services.require_ready()
    base = caller.access.require(id, MemberRole.ADMIN)
    services.ingest().delete_knowledge_base(id)
    note(services, caller, Deed.KNOWLEDGE_BASE_DELETE, base=base)


def list_members(id: str, caller: Caller, services: Services) -> list[members.Member]:
    """Who may do what in a knowledge base, people and groups. Raises NotFound, Forbidden."""
    caller.access.require(id, MemberRole.ADMIN)
    with services.database.read() as session:
        return members.list_of(session, id)


def list_names(caller: Caller, services: Services) -> list[str]:
    """Everybody and every group that could be a member. For admins of the service. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return members.list_names(session)


def set_member(id: str, name: str, role: MemberRole, caller: Caller, services: Services) -> None:
    """Give a person or a group, by name, a role in a knowledge base. Raises NotFound, Forbidden."""
    base = caller.access.require(id, MemberRole.ADMIN)
    with services.database.write() as session:
        member = members.put(session, id, name, role)
    note(services, caller, Deed.MEMBER_CHANGE, base=base, subject_id=member.id, subject=name, detail=role)


def remove_member(id: str, member_id: str, caller: Caller, services: Services) -> None:
    """Take a person's or a group's role in a knowledge base away. Raises NotFound, Forbidden."""
    base = caller.access.require(id, MemberRole.ADMIN)
    with services.database.write() as session:
        member = members.remove(session, id, member_id)
    note(services, caller, Deed.MEMBER_CHANGE, base=base, subject_id=member.id, subject=member.name, detail="removed")
