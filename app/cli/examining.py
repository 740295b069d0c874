"""The doctor's findings: the service's own, or where it cannot start, what can be found out without it."""

import asyncio
from dataclasses import asdict
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.cli.connection import connect
from app.errors import CloisterError
from app.settings import Settings


def ask_doctor(settings: Settings) -> list[dict[str, Any]]:
    """Each with `check`, `status`, `detail` and `advice`."""
    try:
        return asyncio.run(_ask_service(settings))
    except (CloisterError, SQLAlchemyError, OSError) as exc:
        # Imported here: it takes seconds, and a running service needs none of it.
        from app.doctor import examine_without_service

        return [asdict(finding) for finding in examine_without_service(settings, exc)]


async def _ask_service(settings: Settings) -> list[dict[str, Any]]:
    async with connect(settings) as api:
        findings: list[dict[str, Any]] = await api.get("/doctor")
        return findings
