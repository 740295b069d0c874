"""All checks in their order: with the service's own hands, and as far as possible where it cannot start."""

import logging
from collections.abc import Callable, Iterable, Iterator

from app.doctor import engines, machine, models, reach
from app.doctor.database import examine_database
from app.doctor.findings import Finding, Status, guarded
from app.errors import CloisterError
from app.observe.logs import describe_error
from app.services import Services
from app.settings import Settings

log = logging.getLogger("cloister")


def examine(services: Services) -> list[Finding]:
    """All checks, in a fixed order. Loads every engine."""
    return [
        *engines.examine_engines(services),
        *guarded("Database", lambda: examine_database(services)),
        *_of_the_machine(services.settings, is_serving=services.is_serving),
        *guarded("Connections", lambda: [engines.examine_connections(services)]),
    ]


def examine_without_service(settings: Settings, trouble: Exception) -> list[Finding]:
    """What can be found out where the service cannot start: why, and all that hangs on this machine alone."""
    log.debug("the doctor works without the service: %s", describe_error(trouble))
    known = str(trouble) if isinstance(trouble, CloisterError) else f"It cannot start ({type(trouble).__name__})."
    first = Finding(
        "Service", Status.BROKEN, known, "Correct this first; the checks that need the service were left out."
    )
    return [first, *_of_the_machine(settings, is_serving=False)]


def _of_the_machine(settings: Settings, *, is_serving: bool) -> Iterator[Finding]:
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("Disk", lambda: machine.examine_disk(settings)),
        ("Permissions", lambda: [machine.examine_permissions(settings)]),
        ("Processor", lambda: [machine.examine_processor()]),
        ("Open files", lambda: [machine.examine_open_files()]),
        ("Models that fit", lambda: [models.examine_models(settings)]),
        ("OCR", lambda: [engines.examine_ocr(settings.ocr)]),
        ("Port", lambda: [] if is_serving else [reach.examine_port(settings)]),
        ("Proxy", lambda: reach.examine_proxy(settings)),
        ("Environment", lambda: [reach.examine_environment(settings)]),
    ]
    for name, check in checks:
        yield from guarded(name, check)
