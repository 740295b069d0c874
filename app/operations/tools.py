"""The tools that one person's question may use, and what the owner says about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from app.access import Access, Caller
from app.db import allowed_hosts, audit, choices
from app.db.allowed_hosts import AllowedHost
from app.db.columns import utc_now
from app.domain import Deed, MemberRole, Permission, Tool, Touch
from app.errors import NotFound, Rejected
from app.operations.assistants import Assisted
from app.operations.functions import build_functions, build_toolbox
from app.operations.note import note
from app.ports import ToolUser
from app.services import Services
from app.tools.function import Approver
from app.tools.gate.gate import Decision, Outcome, ToolGate
from app.tools.gate.policy import DEFAULT, Policy

# The name of the choice that holds the policy.
NAME: Final = "tools"
_SAID_BETWEEN: Final = ", "


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner says. `changed_by` (a name) and `changed_at` are of the policy; "" and None as delivered."""

    policy: Policy
    hosts: list[AllowedHost]
    changed_by: str
    changed_at: datetime | None


def open_toolbox(
    assisted: Assisted,
    caller: Caller,
    services: Services,
    *,
    approver: Approver | None = None,
    last_answer: str = "",
) -> ToolUser | None:
    """The tools that the assistant and the owner's rules allow this person; None where there is none.

    Without an `approver` nothing that needs a person's yes is done. `last_answer`: of the conversation so far.
    """
    allowed = allowed_tools(assisted, caller, services)
    functions = [each for each in build_functions(assisted, services, last_answer) if each.spec.tool in allowed]
    if not functions:
        return None
    return build_toolbox(functions, open_gate(assisted, caller, services, approver=approver), services)


def open_gate(assisted: Assisted, caller: Caller, services: Services, *, approver: Approver | None = None) -> ToolGate:
    """The gate for one person's question: the rules of this moment, and every decision in the audit log."""
    return ToolGate(
        permissions=_permissions(assisted, caller, services),
        hosts=_Hosts(caller, services),
        write_down=partial(_write_down, caller, services),
        approver=approver,
        may_always=caller.is_admin,
    )


def allowed_tools(assisted: Assisted, caller: Caller, services: Services) -> frozenset[Tool]:
    """The tools that a question may use: the assistant has them, and the owner does not forbid them to the person."""
    permissions = _permissions(assisted, caller, services)
    return frozenset(tool for tool in assisted.options.tools if permissions[tool] is not Permission.NEVER)


# --- what the owner says ----------------------------------------------------------------------------


def get_rules(caller: Caller, services: Services) -> Rules:
    """All rules that are in force. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        chosen, hosts = choices.find(session, NAME), allowed_hosts.list_all(session)
    by, at = (chosen.chosen_by, chosen.chosen_at) if chosen else ("", None)
    return Rules(_read_policy(services), hosts, by, at)


def set_policy(changed: Mapping[tuple[Tool, MemberRole], Permission], caller: Caller, services: Services) -> int:
    """Put these permissions in force, and leave the others; returns how many are new. Raises Forbidden."""
    caller.require_admin()
    before = _read_policy(services)
    new = {(tool, role): each for (tool, role), each in changed.items() if before[tool][role] is not each}
    if not new:
        return 0
    after = {
        str(tool): {str(role): str(new.get((tool, role), permission)) for role, permission in by_role.items()}
        for tool, by_role in before.items()
    }
    with services.database.write() as session:
        choices.put(session, NAME, after, chosen_by=caller.name)
    for (tool, role), permission in new.items():
        detail = f"{role}: {permission}, was {before[tool][role]}"
        note(services, caller, Deed.TOOL_POLICY, subject=str(tool), detail=detail)
    return len(new)


def allow_host(tool: Tool, host: str, caller: Caller, services: Services) -> None:
    """Let a tool send to a host without asking each time. Raises Forbidden, Rejected."""
    caller.require_admin()
    if not host or len(host) > 253 or any(each.isspace() or each in "/@:" for each in host):
        raise Rejected("Name a host alone, as in search.example.org, without a scheme or a path.")
    with services.database.write() as session:
        is_new = allowed_hosts.allow(session, tool, host.lower(), allowed_by=caller.name)
    if is_new:
        note(services, caller, Deed.TOOL_POLICY, subject=str(tool), detail=f"{host.lower()} allowed without asking")


def revoke_host(tool: Tool, host: str, caller: Caller, services: Services) -> None:
    """Ask again before a tool sends to this host. Raises Forbidden, NotFound."""
    caller.require_admin()
    with services.database.write() as session:
        was_allowed = allowed_hosts.revoke(session, tool, host)
    if not was_allowed:
        raise NotFound(f"{host} is not among the allowed hosts.")
    note(services, caller, Deed.TOOL_POLICY, subject=str(tool), detail=f"{host} is asked for again")


def count_calls(caller: Caller, services: Services, *, days: int) -> dict[str, dict[Outcome, int]]:
    """How the calls of the last days went, by function; plain reading is not counted. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        counted = audit.count_details(session, Deed.TOOL_CALL, since=utc_now() - timedelta(days=days))
    counts: dict[str, dict[Outcome, int]] = {}
    for (function, detail), n in sorted(counted.items()):
        of_function = counts.setdefault(function, dict.fromkeys(Outcome, 0))
        of_function[Outcome(detail.partition(_SAID_BETWEEN)[0])] += n
    return counts


@dataclass(frozen=True, slots=True)
class _Hosts:
    """The allowed hosts, as the gate asks for them."""

    caller: Caller
    services: Services

    def is_allowed(self, tool: Tool, host: str) -> bool:
        with self.services.database.read() as session:
            return allowed_hosts.is_allowed(session, tool, host.lower())

    def allow(self, tool: Tool, host: str) -> None:
        allow_host(tool, host, self.caller, self.services)


def _permissions(assisted: Assisted, caller: Caller, services: Services) -> dict[Tool, Permission]:
    role, policy = _role(assisted.access, caller), _read_policy(services)
    return {tool: policy[tool][role] for tool in Tool}


def _role(access: Access, caller: Caller) -> MemberRole:
    """The person's highest in what is searched."""
    if caller.is_admin:
        return MemberRole.ADMIN
    held = {base.role for base in access.readable.values()}
    return max(held, key=list(MemberRole).index, default=MemberRole.READER)


def _read_policy(services: Services) -> Policy:
    """What was chosen; as delivered where nothing was, as for a tool that is newer than the choice."""
    with services.database.read() as session:
        chosen = choices.find(session, NAME)
    value = chosen.value if chosen else {}
    return {
        tool: {role: Permission(value.get(tool, {}).get(role, usual)) for role, usual in by_role.items()}
        for tool, by_role in DEFAULT.items()
    }


def _write_down(caller: Caller, services: Services, decision: Decision) -> None:
    """A line for each call that was asked for, refused, or touches more than documents. Never its text."""
    goes_out = bool(decision.spec.touches & {Touch.OUTSIDE, Touch.WRITES})
    if decision.outcome is Outcome.ADMITTED and not goes_out:
        return
    said = [
        str(decision.outcome),
        *([f"to {decision.host}"] if decision.host else []),
        f"wanted by the {decision.origin}",
        f"{decision.characters} characters",
        f"sha256 {decision.digest}",
        *([f"flagged: {' '.join(decision.flags)}"] if decision.flags else []),
        *(["this host from now on without asking"] if decision.is_for_good else []),
    ]
    note(services, caller, Deed.TOOL_CALL, subject=decision.spec.name, detail=_SAID_BETWEEN.join(said))
