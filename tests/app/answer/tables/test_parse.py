"""What questions come to by rules alone."""

# ruff: noqa: SIM905 - lists of words read best as text

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answer.tables.sql import write_sql
from tests.app.answer.tables.relations import SALES, STAFF, STOCK, has_all, read, sql_of

SURE = {
    "How many orders are from Sweden?": ["count(*)", "\"Country\" IN ('Sweden')"],
    "Wie viele Bestellungen kommen aus Schweden?": ["count(*)", "\"Country\" IN ('Sweden')"],
    "How many Swedish orders are there?": ["count(*)", "\"Country\" IN ('Sweden')"],
    "Average revenue of furniture orders in the UK": [
        'avg("Revenue")',
        "\"Category\" IN ('Furniture')",
        "IN ('United Kingdom')",
    ],
    "What is the total revenue in March 2024?": ['sum("Revenue")', "DATE '2024-03-01'", "< DATE '2024-04-01'"],
    "Wie hoch war der Umsatz im März 2024?": ['sum("Revenue")', "DATE '2024-03-01'"],
    "What is the average price per category?": ['avg("Unit Price")', 'GROUP BY "Category"'],
    "Which 3 customers spent the most?": ['sum("Revenue")', 'GROUP BY "Customer"', "<= 3"],
    "How many different customers are there?": ['count(DISTINCT "Customer")'],
    "How many orders were paid with PayPal?": ["count(*)", "\"Payment Method\" IN ('PayPal')"],
    "How many orders were not paid with PayPal?": ["(\"Payment Method\" IN ('PayPal')) IS NOT TRUE"],
    "What is the most expensive product?": ['max("Unit Price")', 'GROUP BY "Product"', "DESC"],
    "How many phones did we sell in Germany?": ['sum("Quantity")', "\"Product\" IN ('Phone')"],
    "How many customers bought a laptop?": ['count(DISTINCT "Customer")', "IN ('Laptop')"],
    "How many customers have more than 5 orders?": ['GROUP BY "Customer" HAVING count(*) > 5', "SELECT count(*)"],
    "Which customers placed at least 9 orders?": ['SELECT "Customer"', "HAVING count(*) >= 9"],
    "How many orders have a discount of 10%?": ['"Discount (%)" = 10'],
    "How many orders with revenue over $5,000 were placed by Bob Smith?": ['"Revenue" > 5000', "IN ('Bob Smith')"],
    "What is the average unit price for Chair, Table and Phone?": ["IN ('Chair', 'Phone', 'Table')"],
    "What percentage of orders are completed?": ["100.0 * count(*) FILTER", "IN ('Completed')"],
    "Which month had the highest revenue in 2024?": ["'%Y-%m'", 'sum("Revenue")', "<= 1"],
    "On which date were the most orders placed?": ['CAST("Order Date" AS DATE)', "count(*)"],
    "How many orders were placed between January 1, 2024 and March 31, 2024?": [
        ">= DATE '2024-01-01'",
        "< DATE '2024-04-01'",
    ],
}
SURE_OF_STAFF = {
    "Wie viele Mitarbeiter arbeiten im Vertrieb?": ["count(*)", "\"Abteilung\" IN ('Vertrieb')"],
    "How many employees work in Berlin?": ["count(*)", "\"Standort\" IN ('Berlin')"],
    "Durchschnittsgehalt pro Abteilung": ['avg("Gehalt (€)")', 'GROUP BY "Abteilung"'],
    "Wie hoch ist das Mediangehalt?": ['median("Gehalt (€)")'],
    "Was ist das höchste Gehalt und wer verdient es?": ['"Vorname"', '"Nachname"', 'ORDER BY "Gehalt (€)" DESC'],
    "What is the highest salary and who earns it?": ['"Vorname"', '"Nachname"', 'ORDER BY "Gehalt (€)" DESC'],
    "Wer ist der jüngste Mitarbeiter im Personal?": ['ORDER BY "Alter" ASC', "IN ('Personal')", '"Nachname"'],
    "Welche 5 Mitarbeiter verdienen am meisten?": ['ORDER BY "Gehalt (€)" DESC', "<= 5"],
    "Wie viele Mitarbeiter sind jünger als 30?": ['"Alter" < 30'],
    "Wie viele Mitarbeiter verdienen zwischen 3.000 € und 5.000 €?": [">= 3000", "<= 5000"],
    "Wie viele Mitarbeiter wurden nach dem 1. Januar 2015 eingestellt?": ["\"Eintrittsdatum\" >= DATE '2015-01-02'"],
    "In welchem Jahr wurden die meisten Mitarbeiter eingestellt?": ['year("Eintrittsdatum")', "count(*)"],
    "Wie viele Mitarbeiter arbeiten in Teilzeit?": ["'ja'"],
    "Wie viele Mitarbeiter heißen Anna?": ["\"Vorname\" IN ('Anna')"],
}
# Each has a word that no column and no cell accounts for, or that may mean several things.
UNSURE = [
    "How many orders are from Denmark?",
    "What is the total shipping cost?",
    "What is the difference between revenue in 2023 and 2024?",
    "What is the second highest revenue?",
    "How many orders did we receive last month?",
    "How many orders were made on weekends?",
    "Which customers have a revenue above 2 million?",
    "How many orders are between 18 and 65?",
    "How many orders are older than 65?",
    "What is the largest order?",
    "How many orders have more than 300?",
    "How many products were sold?",
    "Who is the CEO?",
    "How do I return an order?",
    "How many vacation days do I get?",
]


@pytest.mark.parametrize("question", SURE)
def test_a_question_about_sales_becomes_the_sql_that_answers_it(question: str) -> None:
    sql = sql_of(question)
    assert has_all(sql, SURE[question]), sql


@pytest.mark.parametrize("question", SURE_OF_STAFF)
def test_a_question_about_staff_becomes_the_sql_that_answers_it(question: str) -> None:
    sql = sql_of(question, STAFF)
    assert has_all(sql, SURE_OF_STAFF[question]), sql


@pytest.mark.parametrize("question", UNSURE)
def test_a_question_that_is_not_accounted_for_word_by_word_is_never_sure(question: str) -> None:
    assert not read(question).is_sure


def test_a_sheet_is_asked_by_a_column_of_another_that_it_refers_to() -> None:
    sql = sql_of("What is the average price of products by supplier country?", STOCK)
    assert 'LEFT JOIN "suppliers" ON "products"."Supplier ID" = "suppliers"."Supplier ID"' in sql
    assert 'GROUP BY "suppliers"."Country"' in sql


def test_a_word_that_may_tell_rows_apart_is_told_from_a_verb() -> None:
    assert read("How many orders are from Denmark?").narrowing == ("Denmark",)
    signed = read("How many orders were signed by Bob Smith?")
    assert (signed.unused, signed.narrowing) == (("signed",), ())


def test_an_identifier_is_no_amount() -> None:
    assert '"Order ID" >' not in write_sql_or_none("How many orders are more than 300?")


def test_a_value_of_a_figure_is_another_figure() -> None:
    assert not read("Total quantity value?").is_sure


def test_no_discount_may_be_a_zero_or_a_gap() -> None:
    parsed = read("How many orders have no discount?")
    assert parsed.query is not None
    assert [write_sql(each).split("WHERE ")[1] for each in (parsed.query, *parsed.alternatives)] == [
        'coalesce("Discount (%)", 0) = 0',
        '"Discount (%)" = 0',
        '"Discount (%)" IS NULL',
    ]


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    read(text)


@given(
    st.lists(
        st.sampled_from(
            [
                *"how many total average by in not between and or top most 5 Sweden Laptop".split(),
                "revenue",
                "customers",
                "quantity",
                "2024",
                "March",
                "more than",
                "?",
            ]
        ),
        max_size=10,
    )
)
def test_any_question_of_known_words_gives_sql_or_none(words: list[str]) -> None:
    parsed = read(" ".join(words))
    if parsed.query is not None:
        assert write_sql(parsed.query).startswith("SELECT")


def test_a_cell_with_quotes_cannot_end_its_literal() -> None:
    hostile = "'; DROP TABLE sales; --"
    status = SALES.fields[10]
    asked = replace(SALES, fields=(*SALES.fields[:10], replace(status, values=(hostile,)), SALES.fields[11]))
    sql = sql_of(f'How many orders have the status "{hostile}"?', asked)
    assert "IN ('''; DROP TABLE sales; --')" in sql


def write_sql_or_none(question: str) -> str:
    query = read(question).query
    return write_sql(query) if query else ""
