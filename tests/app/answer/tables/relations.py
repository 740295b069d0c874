"""Small relations that tests of the rules ask, and how they ask them."""

from collections.abc import Sequence
from datetime import date

from app.answer.tables.parse import Parsed, parse
from app.answer.tables.schema import Field, Kind, Relation, joined, name_words, row_nouns
from app.answer.tables.sql import write_sql
from app.answer.tables.synonyms import VOCABULARY
from app.answer.tables.words import tokenise

ROWS = 1000


def text(name: str, *values: str, table: str = "sales", is_key: bool = False, empty: int = 0) -> Field:
    """A column of texts: all of `values`, or a text of its own for each row."""
    distinct = ROWS if is_key else len(values)
    return Field(table, name, Kind.TEXT, ROWS, distinct, empty, values=values, is_complete=not is_key)


def number(name: str, *, table: str = "sales", is_key: bool = False, empty: int = 0) -> Field:
    """A column of numbers."""
    return Field(table, name, Kind.NUMBER, ROWS, ROWS if is_key else 300, empty, low=0, high=900)


def day(name: str, *, table: str = "sales") -> Field:
    """A column of days in 2023 and 2024."""
    return Field(table, name, Kind.DATE, ROWS, 500, low=date(2023, 1, 1), high=date(2024, 12, 31))


def relation(*fields: Field, document: str = "sales.csv", table: str = "sales") -> Relation:
    """A file with one table."""
    return Relation("d", document, table, table, fields, ROWS, row_nouns(document, table))


SALES = relation(
    number("Order ID", is_key=True),
    day("Order Date"),
    text("Customer", "Alice Johnson", "Bob Smith"),
    text("Country", "Sweden", "Germany", "United Kingdom"),
    text("Category", "Electronics", "Furniture"),
    text("Product", "Laptop", "Phone", "Table", "Chair"),
    number("Quantity"),
    number("Unit Price"),
    number("Revenue"),
    number("Discount (%)", empty=10),
    text("Status", "Completed", "Refunded"),
    text("Payment Method", "PayPal", "Invoice"),
)
STAFF = relation(
    text("Personalnummer", is_key=True, table="mitarbeiter"),
    text("Vorname", "Anna", "Max", table="mitarbeiter"),
    text("Nachname", "Müller", "Weiß", table="mitarbeiter"),
    text("Abteilung", "Vertrieb", "Personal", table="mitarbeiter"),
    text("Standort", "Berlin", "Köln", table="mitarbeiter"),
    day("Eintrittsdatum", table="mitarbeiter"),
    number("Gehalt (€)", table="mitarbeiter"),
    number("Alter", table="mitarbeiter"),
    text("Teilzeit", "ja", "nein", table="mitarbeiter"),
    document="mitarbeiter.csv",
    table="mitarbeiter",
)
_PRODUCTS = relation(
    text("Product ID", is_key=True, table="products"),
    text("Supplier ID", *map(str, range(12)), table="products"),
    number("Price", table="products"),
    document="stock.xlsx",
    table="products",
)
_SUPPLIERS = relation(
    text("Supplier ID", is_key=True, table="suppliers"),
    text("Country", "Italy", "Japan", table="suppliers"),
    document="stock.xlsx",
    table="suppliers",
)
(STOCK,) = joined([_PRODUCTS, _SUPPLIERS])


def read(question: str, asked: Relation = SALES) -> Parsed:
    """The question as the rules read it."""
    names = {word for each in asked.fields for word in name_words(each.name) if word.isalpha()}
    return parse(tokenise(question, VOCABULARY | names), asked)


def sql_of(question: str, asked: Relation = SALES) -> str:
    """The SQL of a question that the rules are sure of, on one line."""
    parsed = read(question, asked)
    assert parsed.query is not None, parsed.unused
    assert parsed.is_sure, (parsed.unused, parsed.doubts)
    return " ".join(write_sql(parsed.query).split())


def has_all(sql: str, parts: Sequence[str]) -> bool:
    """Whether each of these stands in the SQL."""
    return all(part in sql for part in parts)
