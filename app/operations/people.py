"""People: adding, shutting out and removing them, who is an admin, and their passwords."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.access import Caller
from app.db import accounts, chats, groups, outside_identities, people, sessions
from app.db.accounts import Account
from app.db.groups import Role
from app.domain import Deed
from app.errors import Forbidden, NotFound, Rejected
from app.operations import sign_in_limits
from app.operations.note import note
from app.services import Services
from app.settings import chat_files_dir


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """The address at which somebody chooses a password, once. Nothing of the service can say it again."""

    person_id: str
    name: str
    url: str


def list_all(caller: Caller, services: Services) -> list[Account]:
    """Everybody, by name. For admins. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return accounts.list_all(session)


def get(id: str, caller: Caller, services: Services) -> Account:
    """One person. For themselves and admins. Raises NotFound, Forbidden."""
    caller.require_self_or_admin(id)
    with services.database.read() as session:
        return accounts.get(session, id)


def list_roles(id: str, caller: Caller, services: Services) -> list[Role]:
    """What a person may do where, of their own and through groups. For themselves and admins. Raises Forbidden."""
    caller.require_self_or_admin(id)
    with services.database.read() as session:
        return groups.list_roles_of(session, id)


def invite(name: str, group_ids: list[str], caller: Caller, services: Services, *, is_admin: bool) -> OneTimeLink:
    """Add somebody, who chooses a password with the link. For admins. Raises Forbidden, NotFound, Rejected."""
    caller.require_admin()
    with services.database.write() as session:
        person = accounts.invite(session, name.strip(), is_admin=is_admin)
        for group_id in group_ids:
            groups.add(session, group_id, person.id)
        token = people.make_link(session, person)
        joined = ", ".join(f"“{groups.get(session, group_id).name}”" for group_id in group_ids)
    detail = "; ".join(part for part in ("admin" if is_admin else "", joined and f"in {joined}") if part)
    note(services, caller, Deed.PERSON_CREATE, subject_id=person.id, subject=person.name, detail=detail)
    return _link(person.id, person.name, token, services)


def renew_link(id: str, caller: Caller, services: Services) -> OneTimeLink:
    """A new link to choose a password with; an earlier one is dead, the present password works until it is used.

    For admins. Raises Forbidden, NotFound; Rejected for somebody who is disabled.
    """
    caller.require_admin()
    with services.database.write() as session:
        person = accounts.get_row(session, id)
        if person.disabled_at:
            raise Rejected(f"“{person.name}” is disabled, so no link was made; enable the account first.")
        token = people.make_link(session, person)
    note(services, caller, Deed.PERSON_CHANGE, subject_id=id, subject=person.name, detail="new one-time link")
    return _link(id, person.name, token, services)


def renew_link_of(name: str, caller: Caller, services: Services) -> OneTimeLink:
    """The same for the person of this name. Raises Forbidden, NotFound, Rejected."""
    caller.require_admin()
    with services.database.read() as session:
        person = people.find_person(session, name)
    if person is None:
        raise NotFound(f"There is nobody called “{name}”. No link was made; People in the admin pages lists everybody.")
    return renew_link(person.id, caller, services)


def rename(id: str, name: str, caller: Caller, services: Services) -> None:
    """Give somebody another name, with which they sign in from now on. For admins.

    Raises Forbidden, NotFound; Rejected for a name that is taken or cannot be.
    """
    caller.require_admin()
    with services.database.write() as session:
        person = accounts.get_row(session, id)
        old, new = person.name, name.strip()
        accounts.check_name(session, new, besides=id)
        person.name = new
        session.add(person)
    note(services, caller, Deed.PERSON_CHANGE, subject_id=id, subject=new, detail=f"was “{old}”")


def set_admin(id: str, is_admin: bool, caller: Caller, services: Services) -> None:
    """Make somebody an admin of the service, or an admin no more. For admins.

    Raises Forbidden, NotFound; Rejected for the last admin who can sign in.
    """
    caller.require_admin()
    with services.database.write() as session, accounts.keeping_an_admin(session):
        person = accounts.get_row(session, id)
        person.is_admin = is_admin
        session.add(person)
        outside_identities.keep_admin_by_hand(session, id)
    detail = "made an admin" if is_admin else "admin no more"
    note(services, caller, Deed.PERSON_CHANGE, subject_id=id, subject=person.name, detail=detail)


def disable(id: str, caller: Caller, services: Services) -> None:
    """Shut somebody out at once: password, sessions and keys open nothing any more; all they have is kept. For admins.

    Raises Forbidden, also for oneself, NotFound; Rejected for the last admin who can sign in.
    """
    _require_other(id, caller, "disable")
    name = _shut_out(id, services)
    note(services, caller, Deed.PERSON_CHANGE, subject_id=id, subject=name, detail="disabled")


def enable(id: str, caller: Caller, services: Services) -> None:
    """Let somebody in again, by password and by key; sessions stay ended. For admins. Raises Forbidden, NotFound."""
    caller.require_admin()
    with services.database.write() as session:
        person = accounts.get_row(session, id)
        accounts.set_disabled(session, person, False)
    note(services, caller, Deed.PERSON_CHANGE, subject_id=id, subject=person.name, detail="enabled")


def delete(id: str, caller: Caller, services: Services) -> int:
    """Remove somebody with their chats, keys and rights; documents and knowledge bases stay. For admins.

    Returns how many chats went. Raises Forbidden, also for oneself, NotFound; Rejected for the last admin who can
    sign in.
    """
    _require_other(id, caller, "delete")
    # Shut out first, rows last: after a crash in between, the person is still there to be deleted again.
    name = _shut_out(id, services)
    with services.database.read() as session:
        keys = chats.list_file_keys_of(session, id)
    _remove_files(keys, chat_files_dir(services.settings.data_dir))
    with services.database.write() as session, accounts.keeping_an_admin(session):
        removed = chats.delete_chats_of(session, id)
        accounts.delete(session, accounts.get_row(session, id))
    note(services, caller, Deed.PERSON_DELETE, subject_id=id, subject=name, detail=f"with {removed} chats")
    services.database.scrub()
    return removed


def change_own_password(old: str, new: str, session_id: str, caller: Caller, services: Services) -> int:
    """Give the caller another password. Their other sessions end; returns how many did.

    Raises Forbidden for a wrong old password, TooManyTries for several, Rejected for a weak new one.
    """
    counted = sign_in_limits.admit_own_password(caller.id, services)
    with services.database.read() as session:
        known = people.find_by_password(session, caller.name, old)
    if known is None or known.id != caller.id:
        raise Forbidden("The present password is not right. Nothing was changed; type it again.")
    sign_in_limits.succeed_with_own_password(counted, services)
    with services.database.write() as session:
        person = accounts.get_row(session, caller.id)
        people.set_password(session, person, new, services.settings.people.passwords)
        ended = sessions.end_all(session, caller.id, besides=session_id)
    note(services, caller, Deed.PASSWORD_CHANGE, subject_id=caller.id, subject=caller.name)
    return ended


def _shut_out(id: str, services: Services) -> str:
    """Returns the person's name."""
    with services.database.write() as session, accounts.keeping_an_admin(session):
        person = accounts.get_row(session, id)
        accounts.set_disabled(session, person, True)
        sessions.end_all(session, id)
    return person.name


def _require_other(id: str, caller: Caller, what: str) -> None:
    caller.require_admin()
    if id == caller.id:
        raise Forbidden(f"You cannot {what} yourself. Nothing was changed; another admin can.")


def _link(person_id: str, name: str, token: str, services: Services) -> OneTimeLink:
    return OneTimeLink(person_id, name, f"{services.settings.server.url}/welcome?token={quote(token)}")


def _remove_files(keys: list[str], folder: Path) -> None:
    for key in keys:
        (folder / key).unlink(missing_ok=True)
    for thread in {(folder / key).parent for key in keys}:
        if thread.is_dir() and not any(thread.iterdir()):
            thread.rmdir()
