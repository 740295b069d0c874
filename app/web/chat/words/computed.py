"""What was computed from tables, and how."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ComputedWords:
    how_computed: str
    unsure: str
    unsure_unused: str
    no_rows: str
    first_rows: str
    more_rows: str
    more_than: str


ENGLISH = ComputedWords(
    how_computed="How this was computed",
    unsure="This may not be what you asked for. Check below how it was computed.",
    unsure_unused="This may not be what you asked for: {words} did not go into the computation.",
    no_rows="No row fits.",
    first_rows="The first {shown} of {rows} rows.",
    more_rows="The first {shown} rows; there are more.",
    more_than="more than {n}",
)

GERMAN = ComputedWords(
    how_computed="Wie dies berechnet wurde",
    unsure="Dies ist vielleicht nicht das, wonach Sie gefragt haben. Prüfen Sie unten, wie es berechnet wurde.",
    unsure_unused="Dies ist vielleicht nicht das, wonach Sie gefragt haben: {words} ging nicht in die Berechnung ein.",
    no_rows="Keine Zeile passt.",
    first_rows="Die ersten {shown} von {rows} Zeilen.",
    more_rows="Die ersten {shown} Zeilen; es gibt weitere.",
    more_than="mehr als {n}",
)
