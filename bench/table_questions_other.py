"""Questions of other domains than the one that the parser was written with: people, sensors, the sample sales."""

import csv
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from bench.machine import REPOSITORY
from bench.table_questions import TableQuestion

SALES: Final = REPOSITORY / "sample_docs" / "sales-2025.csv"
DEPARTMENTS: Final = ("Engineering", "Sales", "Human Resources", "Finance", "Support")
CITIES: Final = ("Berlin", "Lyon", "Madrid", "Kraków")
SENSORS: Final = ("boiler-1", "boiler-2", "roof", "cellar")
STAFF_COLUMNS: Final = (
    "employee_id",
    "firstName",
    "lastName",
    "department",
    "city",
    "hire_date",
    "annual_salary",
    "remote",
)
READING_COLUMNS: Final = ("timestamp", "sensor", "temperature_c", "humidity_pct", "alarm")


def write_other_files(folder: Path) -> None:
    """employees.csv, readings.csv and the sample sales."""
    shutil.copy(SALES, folder)
    _write(folder / "employees.csv", STAFF_COLUMNS, [list(each.values()) for each in _staff()])
    _write(folder / "readings.csv", READING_COLUMNS, [list(each.values()) for each in _readings()])


def list_other_questions() -> list[TableQuestion]:
    """Twenty-five, put differently from those in `table_questions`."""
    return [*_about_staff(), *_about_readings(), *_about_sales()]


def _about_staff() -> Iterator[TableQuestion]:
    staff = _staff()
    salaries = defaultdict(list)
    for each in staff:
        salaries[each["department"]].append(each["annual_salary"])
    by_city = Counter(each["city"] for each in staff)
    best = max(staff, key=lambda each: each["annual_salary"])
    engineers = [each for each in staff if each["department"] == "Engineering"]
    yield _one("How many employees do we have in Berlin?", by_city["Berlin"])
    yield _one(
        "What's the mean salary of the people in Engineering?", mean(each["annual_salary"] for each in engineers)
    )
    yield TableQuestion("Average annual salary for each department", tuple((k, mean(v)) for k, v in salaries.items()))
    yield _one("How many employees were hired after 2020?", sum(each["hire_date"].year > 2020 for each in staff))
    yield _one("How many staff members work remotely?", sum(each["remote"] == "yes" for each in staff))
    yield TableQuestion("Which department has the most employees?", _most(Counter(e["department"] for e in staff)))
    yield TableQuestion("Which employee has the highest salary?", ((best["employee_id"], best["annual_salary"]),))
    yield _one("Wie viele Mitarbeiter verdienen mehr als 80.000?", sum(e["annual_salary"] > 80_000 for e in staff))
    yield _one("What share of employees is based in Lyon?", 100 * by_city["Lyon"] / len(staff))
    yield TableQuestion("What is the average commute distance of employees?", None)


def _about_readings() -> Iterator[TableQuestion]:
    readings = _readings()
    heat = defaultdict(list)
    for each in readings:
        heat[each["sensor"]].append(each["temperature_c"])
    roof = [each for each in readings if each["sensor"] == "roof"]
    humid = [each["humidity_pct"] for each in readings if each["sensor"] == "cellar" and each["timestamp"].month == 2]
    yield _one("What was the maximum temperature measured by boiler-2?", max(heat["boiler-2"]))
    yield _one("How many readings exceeded 30 degrees temperature?", sum(e["temperature_c"] > 30 for e in readings))
    yield _one("Mean humidity in the cellar during February 2025", mean(humid))
    yield TableQuestion("Lowest temperature per sensor", tuple((k, min(v)) for k, v in heat.items()))
    yield _one("How many alarms did the roof sensor raise?", sum(each["alarm"] == "true" for each in roof))
    yield TableQuestion("Which sensor is the hottest on average?", _most({k: mean(v) for k, v in heat.items()}))
    yield _one("How many distinct sensors are there?", len(SENSORS))
    yield _one(
        "Wie hoch war die durchschnittliche Temperatur am 3. Januar 2025?",
        mean(each["temperature_c"] for each in readings if (each["timestamp"].month, each["timestamp"].day) == (1, 3)),
    )


def _about_sales() -> Iterator[TableQuestion]:
    with SALES.open(encoding="utf-8", newline="") as file:
        sales = list(csv.DictReader(file))
    revenue: dict[str, float] = defaultdict(float)
    for each in sales:
        revenue[each["country"]] += float(each["revenue_eur"])
    dach = [each for each in sales if each["region"] == "DACH"]
    first = tuple(sorted(revenue.items(), key=lambda each: -each[1])[:5])
    yield TableQuestion("What are the five countries with the highest revenue in the sales file?", first)
    yield _one(
        "How many sales orders had a discount of at least 8 percent?",
        sum(int(e["discount_percent"]) >= 8 for e in sales),
    )
    yield _one(
        "What was our revenue in the DACH region in the second quarter of 2025?",
        sum(float(e["revenue_eur"]) for e in dach if "2025-04" <= e["order_date"][:7] <= "2025-06"),
    )
    yield _one(
        "Median unit price of orders in the Nordics",
        median(float(e["unit_price_eur"]) for e in sales if e["region"] == "Nordics"),
    )
    yield _one(
        "Wie viele verschiedene Artikel wurden 2025 in Benelux verkauft?",
        len({e["article"] for e in sales if e["region"] == "Benelux"}),
    )
    yield _one(
        "How many machines in total did customers in Poland buy?",
        sum(int(e["quantity"]) for e in sales if e["country"] == "Poland"),
    )
    yield _one("Number of orders excluding France", sum(e["country"] != "France" for e in sales))


def _staff() -> list[dict[str, Any]]:
    dice = random.Random(11)
    return [
        {
            "employee_id": f"E{number:04}",
            "firstName": dice.choice(("Ana", "Ben", "Chloé", "Dirk", "Eva", "Filip")),
            "lastName": dice.choice(("Nowak", "Weber", "Garcia", "Martin", "Lange")),
            "department": dice.choice(DEPARTMENTS),
            "city": dice.choice(CITIES),
            "hire_date": datetime(2012, 1, 1).date() + timedelta(days=dice.randrange(4_900)),
            "annual_salary": 38_000 + 10 * dice.randrange(7_000) + number % 10,
            "remote": dice.choice(("yes", "no")),
        }
        for number in range(1, 401)
    ]


def _readings() -> list[dict[str, Any]]:
    dice = random.Random(12)
    return [
        {
            "timestamp": datetime(2025, 1, 1) + timedelta(minutes=30 * number),
            "sensor": dice.choice(SENSORS),
            "temperature_c": round(dice.gauss(24, 6), 1),
            "humidity_pct": dice.randint(20, 95),
            "alarm": dice.choices(("true", "false"), (1, 30))[0],
        }
        for number in range(3_000)
    ]


def _write(path: Path, columns: tuple[str, ...], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def _one(text: str, figure: float) -> TableQuestion:
    return TableQuestion(text, ((figure,),))


def _most(figures: dict[str, float] | Counter[str]) -> tuple[tuple[str, float], ...]:
    return (max(figures.items(), key=lambda each: each[1]),)
