"""English prose that nobody wrote: sentences of a small company's reports, from a seeded generator.

Every sentence holds a name, a number or a date of its own, so none is embedded twice, and sentence lengths vary as
they do in reports (6 to 40 words).
"""

from collections.abc import Iterator
from random import Random

SUBJECTS = (
    "the purchasing department", "our laboratory in {city}", "the night shift", "the committee for {topic}", "{person}",
    "the supplier from {city}", "the second assembly line", "the archive of {topic}",
    "the working group around {person}",
    "an auditor from {city}", "the harbour office", "every engineer who worked on {topic}", "the regional council",
    "the maintenance crew under {person}", "the library of {city}", "a visiting researcher", "the board of trustees",
)  # fmt: skip
VERBS = (
    "measured", "described", "postponed", "approved", "questioned", "rebuilt", "compared", "delivered", "inspected",
    "negotiated", "documented", "replaced", "recalculated", "published", "rejected", "financed", "reorganised",
    "tested",
)  # fmt: skip
OBJECTS = (
    "{number} samples of {material}", "the contract for {topic}", "a report of {number} pages on {topic}",
    "the cooling circuit of unit {code}", "{number} metres of {material}", "the schedule for {topic}",
    "the older drawings of pump {code}", "a delivery of {number} crates", "the findings about {material}",
    "the insurance of the warehouse in {city}", "the training plan for {number} apprentices", "a dispute over {topic}",
    "the energy bill of {number} euros", "the bearings of machine {code}", "the inventory of {material}",
)  # fmt: skip
CIRCUMSTANCES = (
    "in {month} {year}", "after a delay of {days} days", "without waiting for {person}", "during the visit to {city}",
    "because {material} had become scarce", "although {topic} had not been settled", "with the help of {person}",
    "at a cost of {number} euros", "under the rules of section {code}", "before the winter of {year}",
    "while the roof above hall {code} was being repaired", "at the request of a customer in {city}",
)  # fmt: skip
FOLLOW_UPS = (
    "and {person} kept the minutes", "which saved about {number} hours",
    "so the next review was set for {month} {year}",
    "but only {days} of the {number} items passed", "and nobody in {city} objected", "which {person} had expected",
    "so that {topic} could go on as planned", "even though the figures for {month} were missing",
)  # fmt: skip
OPENINGS = (
    "", "", "", "According to {person}, ", "In {month} {year}, ", "As in {city}, ", "On page {days} of the minutes, ",
    "For the {days}th time, ", "Despite the trouble with {material}, ", "To everyone's surprise, ",
)  # fmt: skip
CITIES = (
    "Aarhus", "Bergamo", "Coimbra", "Dresden", "Esbjerg", "Freiburg", "Ghent", "Haarlem", "Innsbruck", "Jihlava",
    "Kaunas",
    "Liberec", "Malmö", "Nantes", "Odense", "Plovdiv", "Rouen", "Szeged", "Tampere", "Uppsala", "Verona", "Zwolle",
)  # fmt: skip
FIRST_NAMES = (
    "Ada", "Bruno", "Carla", "David", "Elena", "Farid", "Greta", "Hugo", "Irene", "Jonas", "Kamila", "Luca", "Maren",
    "Nils", "Olga", "Pavel", "Rosa", "Stefan", "Teresa", "Viktor", "Yasmin", "Zoltan",
)  # fmt: skip
LAST_NAMES = (
    "Abel", "Brandt", "Castell", "Dvorak", "Eriksen", "Fontaine", "Gruber", "Horvath", "Iversen", "Jansen", "Keller",
    "Lindqvist", "Moreau", "Novak", "Olsen", "Petrov", "Rossi", "Sorensen", "Tanaka", "Vidal", "Weber", "Zeman",
)  # fmt: skip
TOPICS = (
    "waste water", "shift rotation", "fire protection", "the pension fund", "apprenticeships", "noise at night",
    "export licences", "the canteen", "ventilation", "spare parts", "data retention", "the new timetable",
    "road access",
    "quality control", "the heat pump", "solar panels", "the flood barrier", "packaging", "the tender", "water rights",
)  # fmt: skip
MATERIALS = (
    "copper wire", "oak veneer", "stainless steel", "printed felt", "basalt wool", "recycled glass", "brass fittings",
    "linen", "float glass", "limestone", "ceramic tiles", "bitumen", "aluminium sheet", "cork", "graphite",
    "rubber seals",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def write_paragraph(random: Random, *, words: int) -> str:
    """Whole sentences, at least this many words together."""
    sentences: list[str] = []
    count = 0
    while count < words:
        sentences.append(write_sentence(random))
        count += len(sentences[-1].split())
    return " ".join(sentences)


def write_sentence(random: Random) -> str:
    """One sentence with names, numbers and dates of its own."""
    parts = [
        random.choice(OPENINGS) + random.choice(SUBJECTS),
        random.choice(VERBS),
        random.choice(OBJECTS),
        *random.sample(CIRCUMSTANCES, random.choice((0, 1, 1, 2))),
    ]
    text = " ".join(parts)
    if random.random() < 0.4:
        text += ", " + random.choice(FOLLOW_UPS)
    filled = _fill(text, random)
    return filled[0].upper() + filled[1:] + "."


def write_documents(seed: int) -> Iterator[str]:
    """Markdown reports without end, each of about 3,000 words under eight headings."""
    random = Random(seed)
    while True:
        sections = [
            f"## {_fill('Notes on {topic}, {month} {year}', random)}\n\n"
            + "\n\n".join(write_paragraph(random, words=120) for _ in range(3))
            for _ in range(8)
        ]
        yield _fill("# Report {code} from {city}\n\n", random) + "\n\n".join(sections) + "\n"


def _fill(text: str, random: Random) -> str:
    while "{" in text:
        head, _, rest = text.partition("{")
        slot, _, tail = rest.partition("}")
        text = head + _word(slot, random) + tail
    return text


def _word(slot: str, random: Random) -> str:
    match slot:
        case "city":
            return random.choice(CITIES)
        case "person":
            return f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
        case "topic":
            return random.choice(TOPICS)
        case "material":
            return random.choice(MATERIALS)
        case "month":
            return random.choice(MONTHS)
        case "year":
            return str(random.randint(1962, 2026))
        case "days":
            return str(random.randint(4, 90))
        case "number":
            return f"{random.randint(101, 98_000):,}"
        case "code":
            return f"{random.choice('ABCDEFGHKLMNPRSTUVWX')}-{random.randint(100, 9_999)}"
        case _:
            raise ValueError(f"There is no word for {{{slot}}}.")
