"""What words of a question mean for a query, in English and German. Words of people's own data are not in here."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.answer.tables.words import fold


class Op(StrEnum):
    """What a phrase asks for."""

    COUNT = "count"
    HOW_MUCH = "how much"
    HOW_HIGH = "how high"
    SUM = "sum"
    AVG = "avg"
    MEDIAN = "median"
    MAX = "max"
    MIN = "min"
    MOST = "most"
    LEAST = "least"
    FREQUENT = "frequent"
    TOP = "top"
    BOTTOM = "bottom"
    DISTINCT = "distinct"
    GROUP = "group"
    SHARE = "share"
    LIST = "list"
    WHICH = "which"
    WHAT = "what"
    WHO = "who"
    WHEN = "when"
    MORE = ">"
    LESS = "<"
    AT_LEAST = ">="
    AT_MOST = "<="
    OR_MORE = "or more"
    OR_LESS = "or less"
    EQUAL = "="
    BETWEEN = "between"
    FROM = "from"
    TO = "to"
    BEFORE = "before"
    AFTER = "after"
    SINCE = "since"
    UNTIL = "until"
    IN = "in"
    OF = "of"
    NOT = "not"
    AND = "and"
    OR = "or"
    EMPTY = "empty"
    NEGATIVE = "negative"
    POSITIVE = "positive"
    IS = "is"
    WITH = "with"
    UNSUPPORTED = "unsupported"


_PHRASES: Final[Mapping[Op, str]] = {
    Op.COUNT: "how many|number of|count of|count|no of|wie viele|wieviele|anzahl der|anzahl an|anzahl von|anzahl"
    "|how often|wie oft|zahl der",
    Op.HOW_MUCH: "how much|wie viel|wieviel",
    Op.HOW_HIGH: "how high|how large|how big|wie hoch|wie gross",
    Op.SUM: "total|totals|sum|sum of|sum up|overall|in total|altogether|combined|aggregate|gesamt|insgesamt|summe"
    "|summe der|zusammen|gesamte|gesamter|gesamten|gesamtes|summiert|in summe|add up",
    Op.AVG: "average|averages|avg|mean|on average|durchschnitt|durchschnitts|durchschnittlich|durchschnittliche"
    "|durchschnittlicher|durchschnittlichen|durchschnittliches|im schnitt|im durchschnitt|im mittel|mittelwert"
    "|mittlere|mittlerer|mittleren|schnitt",
    Op.MEDIAN: "median|medians",
    Op.MAX: "maximum|max|highest|largest|biggest|greatest|maximal|maximale|maximaler|maximalen|hoechste|hoechster"
    "|hoechsten|hoechstes|groesste|groesster|groessten|groesstes|best|beste|besten|hoechst|am hoechsten|am groessten",
    Op.MIN: "minimum|min|lowest|smallest|minimal|minimale|minimaler|minimalen|niedrigste|niedrigster|niedrigsten"
    "|niedrigstes|kleinste|kleinster|kleinsten|kleinstes|geringste|geringster|geringsten|geringstes|worst"
    "|am niedrigsten|am geringsten|am kleinsten|tiefste|tiefster|tiefsten",
    Op.MOST: "most|am meisten|meisten|meiste",
    Op.LEAST: "fewest|least|am wenigsten|wenigsten",
    Op.FREQUENT: "most often|most frequently|most frequent|most common|most commonly|haeufigste|haeufigster"
    "|haeufigsten|haeufigstes|am haeufigsten",
    Op.TOP: "top",
    Op.BOTTOM: "bottom",
    Op.DISTINCT: "different|distinct|unique|verschiedene|verschiedenen|verschiedener|unterschiedliche"
    "|unterschiedlichen|unterschiedlicher|eindeutige",
    Op.GROUP: "per|by|for each|for every|in each|of each|at each|each|every|je|pro|grouped by|broken down by|split by"
    "|by each|jede|jeden|jedes|jeder|fuer jede|fuer jeden|fuer jedes|in jeder|in jedem|gruppiert nach"
    "|aufgeschluesselt nach|aufgeteilt nach|across",
    Op.SHARE: "share of|share|percentage of|percentage|percent of|proportion of|proportion|fraction of|fraction"
    "|what percent|what percent of|anteil|anteil der|anteil an|prozentsatz|wie viel prozent|wieviel prozent"
    "|wie viele prozent|prozentualer anteil|prozentuale anteil|prozentanteil",
    Op.LIST: "list|list all|show|show me|name all|liste|zeige|nenne|auflisten|give me",
    Op.WHICH: "which|welche|welcher|welches|welchen|welchem",
    Op.WHAT: "what|was|what is|what are",
    Op.WHO: "who|wer|whose",
    Op.WHEN: "when|wann",
    Op.MORE: "more than|greater than|over|above|higher than|larger than|bigger than|exceeding|exceeds|exceed|exceeded"
    "|uebersteigt|uebersteigen|ueberschreitet|ueberschreiten|mehr als|groesser als|hoeher als"
    "|ueber|oberhalb von|oberhalb|in excess of|upwards of|better than|>",
    Op.LESS: "less than|fewer than|under|below|lower than|smaller than|weniger als|unter|kleiner als|niedriger als"
    "|geringer als|unterhalb von|unterhalb|worse than|<",
    Op.AT_LEAST: "at least|no less than|not less than|no fewer than|not fewer than|minimum of|a minimum of|mindestens"
    "|wenigstens|nicht weniger als|greater than or equal to|more than or equal to|>=|≥",
    Op.AT_MOST: "at most|no more than|not more than|up to|maximum of|a maximum of|hoechstens|maximal|bis zu"
    "|nicht mehr als|less than or equal to|fewer than or equal to|<=|≤",
    Op.OR_MORE: "or more|or higher|or above|or over|or greater|or better|oder mehr|oder hoeher|und mehr|and more"
    "|and above",
    Op.OR_LESS: "or less|or fewer|or lower|or below|or under|oder weniger|oder niedriger|und weniger|and below",
    Op.EQUAL: "equal to|equals|exactly|=|genau|gleich|precisely",
    Op.BETWEEN: "between|zwischen",
    Op.FROM: "from|von|vom",
    Op.TO: "to|bis zum",
    Op.BEFORE: "before|prior to|earlier than|vor|vor dem",
    Op.AFTER: "after|later than|nach|nach dem",
    Op.SINCE: "since|starting|starting from|starting in|from on|seit|seit dem|ab|ab dem|on or after",
    Op.UNTIL: "until|till|through|bis|bis zum|bis einschliesslich|on or before|up until",
    Op.IN: "in|on|at|during|within|im|am|in the|waehrend|an|in der|in dem|aus|throughout",
    Op.OF: "of|for|der|des|fuer|den|dem|der",
    Op.NOT: "not|no|without|except|except for|excluding|other than|apart from|besides|but not|exclude|nicht|ohne|ausser"
    "|kein|keine|keinen|keiner|keinem|keines|never|abgesehen von|mit ausnahme von|!=|<>",
    Op.AND: "and|und|sowie|as well as|plus|,|&",
    Op.OR: "or|oder",
    Op.EMPTY: "empty|missing|blank|leer|leere|leeren|leerem|fehlt|fehlen|fehlend|fehlende|fehlenden|null|unknown|lacks"
    "|lack|lacking",
    Op.NEGATIVE: "negative|negativ|negativen|negativer|below zero|under zero|unter null",
    Op.POSITIVE: "positive|positiv|positiven|positiver|above zero|ueber null",
    Op.IS: "is|are|was|were|be|been|have|has|had|did|does|do|come from|comes from|came from|come|comes|came|belong to"
    "|belongs to|belong|fall|falls|fell|went to|go to|goes to|ist|sind|war|waren|hat|haben|hatte|hatten|entfallen"
    "|entfaellt|entfiel|entfielen|kommen|kommt|kam|kamen|stammen|stammt|gehoeren|gehoert|wurde|wurden|werden|wird"
    "|made up by|account for|accounts for|accounted for|generated by|contributed by",
    Op.WITH: "with|mit|having|whose|deren|dessen|where|wo",
    Op.UNSUPPORTED: "difference|differences|growth|grow|grew|grown|change|changed|increase|increased|decrease|decreased"
    "|decline|declined|compare|compared|comparison|versus|vs|ratio|correlation|correlate|trend|trends|forecast"
    "|predict|standard deviation|variance|cumulative|running|why|twice|half|double|previous|last|this|current|today"
    "|yesterday|ago|next|recent|recently|percentile|consecutive|second|third|first|year over year|month over month"
    "|unterschied|differenz|wachstum|veraenderung|vergleich|verglichen|gegenueber|verhaeltnis|korrelation|trend"
    "|prognose|warum|vorherige|vorigen|letzte|letzten|letzter|letztes|dieses|diesem|diesen|diese|heute|gestern|aktuell"
    "|aktuelle|naechste|naechsten|zweithoechste|zweitgroesste|within days|only|nur|ever|both|either|neither|than|als"
    "|more|mehr|less|weniger|respectively|jeweils|otherwise|excluded|exclusive|inclusive|multiplied|times|divided",
}

# Superlatives and comparisons that say which column they mean: the words that it may be named with, the direction.
_HINTED: Final[Mapping[str, tuple[Op, str]]] = {
    "most expensive|priciest|costliest|dearest|teuerste|teuersten|teuerster|teuerstes|am teuersten": (
        Op.MAX,
        "price cost",
    ),
    "cheapest|least expensive|billigste|billigsten|guenstigste|guenstigsten|am billigsten|am guenstigsten": (
        Op.MIN,
        "price cost",
    ),
    "oldest|aelteste|aeltesten|aeltester|am aeltesten": (Op.MAX, "age"),
    "youngest|juengste|juengsten|juengster|am juengsten": (Op.MIN, "age"),
    "heaviest|schwerste|schwersten|am schwersten": (Op.MAX, "weight"),
    "lightest|leichteste|leichtesten|am leichtesten": (Op.MIN, "weight"),
    "longest|laengste|laengsten|laengster": (Op.MAX, "length duration time"),
    "shortest|kuerzeste|kuerzesten|kuerzester": (Op.MIN, "length duration time"),
    "tallest": (Op.MAX, "height"),
    "hottest|warmest|heisseste|heissesten|waermste|waermsten": (Op.MAX, "temperature"),
    "coldest|coolest|kaelteste|kaeltesten": (Op.MIN, "temperature"),
    "fastest|schnellste|schnellsten": (Op.MAX, "speed"),
    "slowest|langsamste|langsamsten": (Op.MIN, "speed"),
    "latest|newest|most recent|neueste|neuesten|neuester|spaeteste|spaetesten|letztmalig": (Op.MAX, "date"),
    "earliest|frueheste|fruehesten|fruehester|erste|erster|ersten|erstes": (Op.MIN, "date"),
    "best paid|highest paid|bestbezahlte|bestbezahlten|earns the most|earn the most": (Op.MAX, "salary"),
    "lowest paid|worst paid|earns the least": (Op.MIN, "salary"),
    "older than|aelter als": (Op.MORE, "age"),
    "younger than|juenger als": (Op.LESS, "age"),
    "heavier than|schwerer als|weigh more than|weighs more than|wiegen mehr als|wiegt mehr als": (Op.MORE, "weight"),
    "lighter than|leichter als|weigh less than|weighs less than": (Op.LESS, "weight"),
    "longer than|laenger als": (Op.MORE, "length duration time"),
    "shorter than|kuerzer als": (Op.LESS, "length duration time"),
    "taller than": (Op.MORE, "height"),
    "warmer than|hotter than|waermer als|heisser als": (Op.MORE, "temperature"),
    "colder than|cooler than|kaelter als": (Op.LESS, "temperature"),
    "faster than|schneller als": (Op.MORE, "speed"),
    "slower than|langsamer als": (Op.LESS, "speed"),
    "more expensive than|cost more than|costs more than|costing more than|teurer als|kosten mehr als|kostet mehr als": (
        Op.MORE,
        "price cost",
    ),
    "cheaper than|cost less than|costs less than|costing less than|billiger als|guenstiger als|kosten weniger als": (
        Op.LESS,
        "price cost",
    ),
    "earn more than|earns more than|earning more than|verdienen mehr als|verdient mehr als": (Op.MORE, "salary"),
    "earn less than|earns less than|earning less than|verdienen weniger als|verdient weniger als": (Op.LESS, "salary"),
}


def _by_words(phrases: Iterable[tuple[str, object]]) -> dict[tuple[str, ...], object]:
    return {tuple(fold(phrase).split()): op for listed, op in phrases for phrase in listed.split("|")}


PHRASES: Final[Mapping[tuple[str, ...], object]] = MappingProxyType(
    {
        **_by_words((listed, op) for op, listed in reversed(list(_PHRASES.items()))),
        **_by_words((listed, hint) for listed, hint in _HINTED.items()),
    }
)
LONGEST_PHRASE: Final = max(map(len, PHRASES))
