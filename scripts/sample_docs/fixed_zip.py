"""Make an Office file the same byte for byte in every build."""

import re
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def pin_dates(path: Path, moment: datetime) -> None:
    """Rewrite the archive at `path` so that it and its members carry `moment` instead of the clock."""
    with ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in members:
            info = ZipInfo(name, date_time=moment.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, MODIFIED.sub(rb"\g<1>" + stamp, content) if name == "docProps/core.xml" else content)
