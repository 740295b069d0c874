"""A year of sales as CSV: machines of the price list at their 2025 list price, less a discount."""

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

from price_list import read_rows

SEED = 1954
ORDER_COUNT = 600
HEADER = ("order_no", "order_date", "region", "country", "article", "product", "quantity", "unit_price_eur",
          "discount_percent", "revenue_eur")  # fmt: skip
COUNTRIES_BY_REGION = {
    "DACH": ("Germany", "Germany", "Germany", "Austria", "Switzerland"),
    "Benelux": ("Belgium", "Netherlands", "Luxembourg"),
    "France": ("France",),
    "Nordics": ("Denmark", "Sweden", "Norway"),
    "Eastern Europe": ("Czech Republic", "Poland", "Slovenia"),
    "Southern Europe": ("Italy", "Spain"),
}
REGION_WEIGHTS = (34, 20, 16, 10, 12, 8)
DISCOUNTS = (0, 0, 0, 3, 5, 5, 8, 10, 12)


def write_sales(products: Path, target: Path) -> None:
    rows = build_sales([(row[0], row[2], int(row[4])) for row in read_rows(products)])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


def build_sales(products: list[tuple[str, str, int]]) -> list[tuple[str | int, ...]]:
    """Rows in order of date; `products` are (article, name, list price in euro)."""
    random = Random(SEED)
    days = sorted(_working_day(random) for _ in range(ORDER_COUNT))
    return [_build_row(random, number, day, random.choice(products)) for number, day in enumerate(days, start=1)]


def _build_row(random: Random, number: int, day: date, product: tuple[str, str, int]) -> tuple[str | int, ...]:
    article, name, list_price = product
    region = random.choices(list(COUNTRIES_BY_REGION), REGION_WEIGHTS)[0]
    country = random.choice(COUNTRIES_BY_REGION[region])
    # Loaders and mixers are bought in twos and threes, large ovens one at a time.
    quantity = random.choices((1, 2, 3), (6, 3, 1) if list_price < 10_000 else (20, 2, 0))[0]
    discount = random.choice(DISCOUNTS)
    revenue = f"{quantity * list_price * (100 - discount) / 100:.2f}"
    return (f"SO-25-{number:04}", day.isoformat(), region, country, article, name, quantity, f"{list_price:.2f}",
            discount, revenue)  # fmt: skip


def _working_day(random: Random) -> date:
    while True:
        day = date(2025, 1, 2) + timedelta(days=random.randrange(354))
        if day.weekday() < 5:
            return day
