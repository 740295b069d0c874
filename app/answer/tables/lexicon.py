"""Words of questions and of column names: what says nothing, and what names a column."""

# ruff: noqa: SIM905 - lists of words read best as text

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.answer.tables.operations import PHRASES
from app.answer.tables.words import fold

# Words that say nothing about the data.
_FILLERS: Final = """
    a an the this that these those there here it its they them their he she his her you your we our us i me my mine
    der die das den dem des ein eine einer eines einem einen es sie er ihr ihre ihren man sich wir uns ich mir mein
    meine is are was were be been being am do does did done have has had having can could may might must shall
    should will would ist sind war waren sein wird werden wurde wurden worden hat haben hatte hatten habe kann
    koennen gibt gab gebe of to in on at by for from with as into within among amongst about out up via through
    during all any some von zu im am an auf bei mit fuer aus als ueber um in zum zur durch beim vom alle aller allen
    alles dabei davon darin and or und oder also then so please just tell show give find get know let say see
    compute calculate determine bitte zeige zeig nenne sage sag berechne ermittle bestimme finde mal denn eigentlich
    what which who whom whose where how was welche welcher welches welchen wer wo wie that
"""
# Words that say nothing either, unless a cell consists of one: a table may be a product.
_HOLLOW: Final = """
    make made makes making use used uses using place placed places record recorded records register registered
    contain contains contained exist exists include included includes including listed appear appears occur occurs
    occurred happen happened take taken took get got gets come comes came belong belongs fall falls fell bring
    brought generate generated generates achieve achieved achieves reach reached reaches amount amounts amounted
    went go goes done see seen work works worked working live lives lived report reported reports measure measured
    show shown stand stands sit sits verwendet verwendete verwendeten genutzt gemacht gemachten getaetigt getaetigte
    aufgegeben erfasst erfasste verzeichnet enthalten vorhanden liegt liegen lag lagen betraegt betrug betragen
    betrugen erzielt erzielte erzielten erreicht erreichte entfallen entfaellt gibt geben kommt kommen kam kamen
    arbeiten arbeitet wohnen wohnt gehoeren gehoert gemessen gemeldet aufgefuehrt stammen stammt data dataset table
    sheet file csv spreadsheet excel xlsx document column columns values value figure figures number numbers list
    result results whole entire total together overall respective corresponding given daten tabelle blatt datei
    spalte spalten wert werte wertes zahl zahlen ergebnis gesamten jeweilige angegeben name names sold sell sells
    selling bought purchased buy verkauft verkauften gekauft bestellt bestellten hoch gross placed named called
    heisst heissen single individual einzelne einzelnen einzelner currently ever yet still already according based
    company s t re ve ll d
"""

# Verbs that belong to a column and say no more than the cell or the date beside them: “paid with PayPal”.
VERBS: Final = frozenset(
    """
    paid bezahlt supply supplied supplies supplying admitted aufgenommen discharged entlassen manufactured hergestellt
    published hired eingestellt eingetreten joined born geboren shipped versendet versandt delivered geliefert
    """.split()
)
# What is paid for things, where no column is called so: the one column of money that adds up.
SPENT: Final = frozenset("spend spent spending ausgegeben ausgeben ausgaben".split())
TAKEN: Final = frozenset("revenue turnover umsatz umsaetze erloes sales".split())
WORTH: Final = frozenset("value worth wert".split())

# What a row may be called, whatever it is about.
ROW_NOUNS: Final = frozenset(
    """
    row rows member members mitglied mitglieder record records entry entries line lines transaction transactions
    observation observations data_point case
    cases item items reading readings measurement measurements event events
    zeile zeilen eintrag eintraege eintraegen datensatz datensaetze datensaetzen posten vorgang vorgaenge vorgaengen
    messung messungen messwert messwerte ereignis ereignisse transaktion transaktionen buchung buchungen
    """.split()
)

# Words behind or before a column's own name that need not be said. UNITS are what numbers are counted in.
UNITS: Final = frozenset(
    "eur euro euros usd chf gbp jpy dollar dollars pct percent prozent kg g mg t km m cm mm l ml h hrs min sec s ms c f"
    " celsius kwh kw w mb gb eu us pa hpa ppm degrees degree grad".split()
)
UNIT_MEANS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("degrees", "degree", "grad", "celsius", "fahrenheit"), "temperature"),
        **dict.fromkeys(("years", "jahre", "jahren"), "age"),
        **dict.fromkeys(("kg", "kilograms", "kilogramm"), "weight"),
    }
)
NAMES: Final = frozenset("name vorname nachname firstname lastname surname fullname bezeichnung titel title".split())
GENERIC: Final = frozenset("id no nr number num code key name nummer kennung bezeichnung uuid label ref".split())
# A column that is found by its last word alone may be named more closely by these.
NEUTRAL: Final = frozenset(
    "unit total gross list base sale sales order purchase customer product employee item main full current invoice"
    " transaction annual yearly monthly standard regular line einzel gesamt verkauf verkaufs basis".split()
)
# A column of numbers is named without these: “bill” for `Bill Amount`.
SOFT_HEADS: Final = frozenset("amount value total sum figure betrag wert summe".split())
# Figures that may be added up over rows, by what their column is called.
ADDITIVE: Final = (
    "revenue turnover sales quantity units profit cost costs expenses spending hours budget income total tax"
    " visitors clicks views stock sold population energy consumption downloads"
)
# Sums of these are likely, but a single one may be meant.
# One of these in the name, and it is no figure to add up.
NOT_ADDITIVE: Final = frozenset(
    "unit per average avg mean median rate ratio percent pct percentage price durchschnitt preis satz quote einzel each"
    " index level".split()
)
RATHER_ADDITIVE: Final = "amount value payment betrag wert salary bonus points"

MONEY: Final = "revenue price cost amount salary profit income expense payment budget total sales value bonus discount"

WEEKDAYS: Final = (
    ("monday", "montag"),
    ("tuesday", "dienstag"),
    ("wednesday", "mittwoch"),
    ("thursday", "donnerstag"),
    ("friday", "freitag"),
    ("saturday", "samstag"),
    ("sunday", "sonntag"),
)
DATE_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("year", "years", "jahr", "jahre", "jahren", "yearly", "annual", "annually"), "year"),
        **dict.fromkeys(("quarter", "quarters", "quartal", "quartale", "quarterly"), "quarter"),
        **dict.fromkeys(("month", "months", "monat", "monate", "monaten", "monthly", "monatlich"), "month"),
        **dict.fromkeys(("week", "weeks", "woche", "wochen", "weekly"), "week"),
        **dict.fromkeys(("weekday", "weekdays", "wochentag", "wochentage"), "weekday"),
        **dict.fromkeys(("day", "days", "tag", "tage", "tagen", "daily"), "day"),
    }
)
NUMBER_WORDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word: number
        for number, words in enumerate(
            "one|two zwei|three drei|four vier|five fuenf|six sechs|seven sieben|eight acht|nine neun|ten zehn".split(
                "|"
            ),
            start=1,
        )
        for word in words.split()
    }
)
MAGNITUDES: Final[Mapping[str, int]] = MappingProxyType(
    {"thousand": 1000, "k": 1000, "tausend": 1000, "tsd": 1000, "million": 10**6, "millions": 10**6, "mio": 10**6}
    | {"millionen": 10**6, "hundred": 100, "hundert": 100}
)


HOLLOW: Final = frozenset(fold(_HOLLOW).split()) - frozenset(fold(_FILLERS).split())
FILLERS: Final = frozenset(fold(_FILLERS).split()) | HOLLOW
# Words that name a column only as they are, never by their stem or another name.
SMALL_WORDS: Final = (FILLERS | {phrase[0] for phrase in PHRASES if len(phrase) == 1}) - frozenset(
    "amount amounts amounted value values wert werte name names number numbers figure figures total totals list".split()
)
