"""The few sentences that Cloister itself says in an answer, in the languages it speaks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's sentences."""

    not_found: str
    in_their_words: str
    not_found_on_web: str
    in_words_of_web: str
    in_words_of_both: str


_BY_LANGUAGE = {
    "en": Phrases(
        not_found="I did not find this in your documents.",
        in_their_words="In the words of your documents:",
        not_found_on_web="I did not find this in your documents, nor on the web pages that were read.",
        in_words_of_web="In the words of the web:",
        in_words_of_both="In the words of your documents and of the web:",
    ),
    "de": Phrases(
        not_found="Das habe ich in Ihren Dokumenten nicht gefunden.",
        in_their_words="Im Wortlaut Ihrer Dokumente:",
        not_found_on_web="Das habe ich weder in Ihren Dokumenten noch auf den gelesenen Webseiten gefunden.",
        in_words_of_web="Im Wortlaut aus dem Web:",
        in_words_of_both="Im Wortlaut Ihrer Dokumente und aus dem Web:",
    ),
}


def phrases_for(language: str) -> Phrases:
    """The sentences in this language (ISO 639-1), English where it is not spoken."""
    return _BY_LANGUAGE.get(language, _BY_LANGUAGE["en"])


@dataclass(frozen=True, slots=True)
class TablePhrases:
    """One language's sentences about figures that were computed. `{…}` are filled in; see `tables/wording.py`."""

    figure: str
    first: str
    ranked: str
    grouped: str
    listed: str
    no_rows: str
    no_column: str
    failed: str
    not_read: str
    of: dict[str, str]
    share: str
    share_of_sum: str
    by: str
    is_not: str
    is_empty: str
    is_filled: str
    is_empty_or_zero: str
    is_true: str
    is_false: str
    since: str
    before: str
    months: str
    join: str
    either: str
    empty_cell: str
    unsure: str
    unused: str
    doubts: dict[str, str]
    by_model: str
    more_rows: str
    spellings: str


_TABLES_BY_LANGUAGE = {
    "en": TablePhrases(
        figure="The {what} is {value}{where}, computed from {source}.",
        first="{name} comes first: the {what} is {value}{where}, computed from {source}.",
        ranked="The first {n} by {what}{where}, computed from {source}:",
        grouped="The {what} by {groups}{where}, computed from {source}:",
        listed="There are {n} different values of {groups}{where} in {source}:",
        no_rows="No row of {source} matches{where}.",
        no_column="I find neither a column nor a cell for {words} in {source}. Its columns are: {columns}.",
        failed="I could not compute this from {source}.",
        not_read="I could not compute this from {source}: I do not know how to read {words} here.",
        of={
            "count": "number of rows",
            "distinct": "number of different {column}",
            "sum": "total of {column}",
            "avg": "average of {column}",
            "median": "median of {column}",
            "min": "lowest {column}",
            "max": "highest {column}",
            "row": "{column}",
        },
        share="share of the rows",
        share_of_sum="share of the total of {column}",
        by="by",
        is_not="{column} is not {values}",
        is_empty="{column} is empty",
        is_filled="{column} is not empty",
        is_empty_or_zero="{column} is empty or 0",
        is_true="{column} is true",
        is_false="{column} is not true",
        since="{column} from {start}",
        before="{column} before {end}",
        months="{column} in {values} of any year",
        join=" and ",
        either=" or ",
        empty_cell="(empty)",
        unsure="This may not be what you asked:",
        unused="the query leaves out {words}",
        doubts={
            "column": "more than one column fits your words",
            "date column": "there is more than one column of dates",
            "column of a value": "some of your words may mean another column, or a gap instead of a zero",
            "year": "you named no year",
            "or": "an “or” between conditions was read as “and”",
            "several questions": "you asked for more than one figure",
            "several values of a column": "you named several values of a column",
            "units or kinds": "different kinds were counted, not units",
            "sum or count": "the column was added up",
            "sum": "the column was added up",
            "sum or largest": "the column was added up",
            "rows or totals": "single rows were compared, not totals",
            "part and whole": "it is not clear what the whole is that the share is of",
            "most of what": "it is not clear what was to be counted",
            "table": "more than one table fits your words",
        },
        by_model="the language model wrote the query",
        more_rows="… and {n} more rows",
        spellings="Spellings that differ only in capitals or spaces count as one.",
    ),
    "de": TablePhrases(
        figure="{What}: {value}{where}, berechnet aus {source}.",
        first="An erster Stelle steht {name}; {what}: {value}{where}, berechnet aus {source}.",
        ranked="Die ersten {n} nach {what}{where}, berechnet aus {source}:",
        grouped="{What} nach {groups}{where}, berechnet aus {source}:",
        listed="In {source} gibt es {n} verschiedene Werte von {groups}{where}:",
        no_rows="Keine Zeile von {source} passt{where}.",
        no_column="Ich finde in {source} weder eine Spalte noch eine Zelle für {words}. Die Spalten heißen: {columns}.",
        failed="Das konnte ich aus {source} nicht berechnen.",
        not_read="Das konnte ich aus {source} nicht berechnen: Ich weiß {words} hier nicht zu lesen.",
        of={
            "count": "Anzahl der Zeilen",
            "distinct": "Anzahl verschiedener {column}",
            "sum": "Summe von {column}",
            "avg": "Durchschnitt von {column}",
            "median": "Median von {column}",
            "min": "kleinster Wert von {column}",
            "max": "größter Wert von {column}",
            "row": "{column}",
        },
        share="Anteil an den Zeilen",
        share_of_sum="Anteil an der Summe von {column}",
        by="nach",
        is_not="{column} ist nicht {values}",
        is_empty="{column} ist leer",
        is_filled="{column} ist nicht leer",
        is_empty_or_zero="{column} ist leer oder 0",
        is_true="{column} trifft zu",
        is_false="{column} trifft nicht zu",
        since="{column} ab {start}",
        before="{column} vor {end}",
        months="{column} im Monat {values} jedes Jahres",
        join=" und ",
        either=" oder ",
        empty_cell="(leer)",
        unsure="Das ist vielleicht nicht, was Sie gefragt haben:",
        unused="die Abfrage lässt {words} aus",
        doubts={
            "column": "mehr als eine Spalte passt zu Ihren Worten",
            "date column": "es gibt mehr als eine Spalte mit Daten",
            "column of a value": "manche Worte können eine andere Spalte meinen, oder eine Lücke statt einer Null",
            "year": "Sie haben kein Jahr genannt",
            "or": "ein „oder“ zwischen Bedingungen wurde als „und“ gelesen",
            "several questions": "Sie haben nach mehr als einer Zahl gefragt",
            "several values of a column": "Sie haben mehrere Werte einer Spalte genannt",
            "units or kinds": "gezählt wurden verschiedene, nicht Stück",
            "sum or count": "die Spalte wurde summiert",
            "sum": "die Spalte wurde summiert",
            "sum or largest": "die Spalte wurde summiert",
            "rows or totals": "verglichen wurden einzelne Zeilen, nicht Summen",
            "part and whole": "es ist nicht klar, woran der Anteil gemessen wird",
            "most of what": "es ist nicht klar, was gezählt werden soll",
            "table": "mehr als eine Tabelle passt zu Ihren Worten",
        },
        by_model="das Sprachmodell hat die Abfrage geschrieben",
        more_rows="… und {n} weitere Zeilen",
        spellings="Schreibweisen, die sich nur in Großschreibung oder Leerzeichen unterscheiden, zählen als eine.",
    ),
}


def table_phrases_for(language: str) -> TablePhrases:
    """The sentences about figures in this language (ISO 639-1), English where it is not spoken."""
    return _TABLES_BY_LANGUAGE.get(language, _TABLES_BY_LANGUAGE["en"])
