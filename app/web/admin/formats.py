"""Numbers, sizes and times as people read them. Times are UTC; the page's script shows them in the reader's zone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
_STEP: Final = 1000


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes them; templates use each as a filter."""

    language: str

    def number(self, value: float, digits: int = 0) -> str:
        """12,345.6"""
        return format_decimal(round(value, digits), locale=self.language)

    def percent(self, value: float, digits: int = 0) -> str:
        """A fraction of 1 as a percentage."""
        shape = "#,##0" + ("." + "0" * digits if digits else "") + " %"
        return format_percent(value, format=shape, locale=self.language)

    def size(self, size_bytes: float) -> str:
        """4.2 MB, in steps of 1,000."""
        value, unit = float(size_bytes), 0
        while value >= _STEP and unit < len(_UNITS) - 1:
            value, unit = value / _STEP, unit + 1
        return f"{self.number(value, 1 if unit and value < 100 else 0)} {_UNITS[unit]}"

    def seconds(self, seconds: float) -> str:
        """0.4 s, 12 s, 3 min, 2 h 5 min."""
        if seconds < 10:
            return f"{self.number(seconds, 1)} s"
        if seconds < 100:
            return f"{self.number(seconds)} s"
        minutes = round(seconds / 60)
        if minutes < 100:
            return f"{minutes} min"
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min"

    def day(self, day: date) -> str:
        """5 Mar 2026"""
        return format_date(day, "medium", locale=self.language)

    def moment(self, at: datetime | None) -> Markup:
        """A time element; nothing for None."""
        if at is None:
            return Markup("–")
        shown = format_datetime(at, "medium", locale=self.language)
        return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(timespec="seconds"), shown)
