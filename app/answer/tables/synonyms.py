"""Names of one thing, in English and German and in short: what two words have in common."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.answer.tables.words import keys_of

# Names of one thing in both languages, and its usual short forms.
_SAME: Final = """
    revenue turnover umsatz erloes umsaetze umsaetzen
    quantity qty unit units menge stueckzahl stueck quantities
    price preis prices
    cost costs kosten
    profit gewinn
    salary pay wage gehalt lohn gehaelter loehne earnings verdienst earn earns earned verdienen verdient
    customer client kunde kunden kundin
    employee employees staff people person persons personen mitarbeiter mitarbeitende beschaeftigte worker workers
    department dept abteilung team_abteilung
    country land nation laender laendern
    city town stadt ort staedte staedten
    region gebiet area
    product produkt products
    article artikel item sku
    order bestellung bestell auftrag auftraege auftraegen orders
    supplier vendor lieferant supply supplied supplies supplying
    admission aufnahme admitted aufgenommen
    discharge entlassung discharged entlassen
    manufacturer hersteller manufactured hergestellt
    publisher verlag published publication
    category kategorie
    status state zustand
    date datum
    year jahr
    month monat
    quarter quartal
    week woche
    weekday wochentag
    temperature temperatur temp temperaturen
    humidity luftfeuchtigkeit feuchte
    pressure druck luftdruck
    age alter
    weight gewicht
    height hoehe groesse
    length laenge
    duration dauer
    rating bewertung
    score punktzahl punkte
    amount betrag betraege betraegen
    discount rabatt
    tax steuer
    invoice rechnung
    payment zahlung paid bezahlt
    number nummer no nr num
    sale verkauf verkaeufe verkaeufen sales
    salesperson verkaeufer salesman salesmen salespeople seller vertriebler verkaeuferin
    manager leiter vorgesetzter
    hours hour stunden stunde
    bonus praemie
    gender geschlecht sex
    birth geburt geburts born
    hire hired hiring einstellung eingestellt eintritt eingetreten joined join joining
    delivery lieferung liefer geliefert delivered
    ship shipping shipped versand versendet
    stock bestand lagerbestand inventory
    sensor sensoren
    location standort
    device geraet geraete geraeten
    warehouse lager
    store shop filiale geschaeft
    student schueler studierende studenten
    title titel
    note notiz bemerkung anmerkung comment kommentar
    budget etat
    population einwohner einwohnerzahl bevoelkerung
    type typ art kind
    channel kanal
    brand marke
    currency waehrung
    language sprache
    vehicle fahrzeug car auto
    ticket tickets
    priority prioritaet
    expense expenses ausgabe ausgaben spending
    income einkommen einnahmen
"""

_GROUPS: Final = tuple(tuple(line.split()) for line in _SAME.strip().splitlines())
_GROUP_BY_KEY: Final[Mapping[str, str]] = MappingProxyType(
    {key: f"same:{group[0]}" for group in reversed(_GROUPS) for word in group for key in keys_of(word)}
)
VOCABULARY: Final = frozenset(word for group in _GROUPS for word in group) | {
    *("gesamt", "durchschnitt", "durchschnitts", "anzahl", "summe", "hoechst", "mindest", "maximal", "minimal"),
    "median",
}


def meanings(word: str) -> frozenset[str]:
    """A word's stems and, where it has other names, what they have in common."""
    keys = keys_of(word)
    return keys | {_GROUP_BY_KEY[key] for key in keys if key in _GROUP_BY_KEY}


def named_by(words: str) -> frozenset[str]:
    """All that these words mean."""
    return frozenset(meaning for word in words.split() for meaning in meanings(word))
