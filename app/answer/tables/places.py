"""Countries as people say them: in English and German, short, and as adjectives. A cell may have any of these names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.answer.tables.words import normal

# Names of one country, then what is of it.
_COUNTRIES: Final = """
    Germany, Deutschland, DE, DEU; German, deutsche, deutschen, deutscher
    Austria, Österreich, AT, AUT; Austrian, österreichische, österreichischen
    Switzerland, Schweiz, CH, CHE; Swiss, Schweizer
    France, Frankreich, FR, FRA; French, französische, französischen
    Italy, Italien, IT, ITA; Italian, italienische, italienischen
    Spain, Spanien, ES, ESP; Spanish, spanische, spanischen
    Portugal, PT, PRT; Portuguese, portugiesische, portugiesischen
    Netherlands, The Netherlands, Niederlande, Niederlanden, Holland, NL, NLD; Dutch, niederländische, niederländischen
    Belgium, Belgien, BE, BEL; Belgian, belgische, belgischen
    Luxembourg, Luxemburg, LU, LUX
    United Kingdom, UK, Great Britain, Britain, Großbritannien, Vereinigtes Königreich, GB, GBR; British, britische
    Ireland, Irland, IE, IRL; Irish, irische, irischen
    Denmark, Dänemark, DK, DNK; Danish, dänische, dänischen
    Sweden, Schweden, SE, SWE; Swedish, schwedische, schwedischen
    Norway, Norwegen, NO, NOR; Norwegian, norwegische, norwegischen
    Finland, Finnland, FI, FIN; Finnish, finnische, finnischen
    Iceland, Island, IS, ISL; Icelandic
    Poland, Polen, PL, POL; Polish, polnische, polnischen
    Czech Republic, Czechia, Tschechien, CZ, CZE; Czech, tschechische, tschechischen
    Slovakia, Slowakei, SK, SVK; Slovak, slowakische
    Hungary, Ungarn, HU, HUN; Hungarian, ungarische, ungarischen
    Romania, Rumänien, RO, ROU; Romanian, rumänische
    Bulgaria, Bulgarien, BG, BGR; Bulgarian, bulgarische
    Greece, Griechenland, GR, GRC; Greek, griechische, griechischen
    Croatia, Kroatien, HR, HRV; Croatian, kroatische
    Slovenia, Slowenien, SI, SVN; Slovenian, slowenische
    Turkey, Türkei, Türkiye, TR, TUR; Turkish, türkische, türkischen
    Ukraine, UA, UKR; Ukrainian, ukrainische
    Russia, Russland, Russian Federation, RU, RUS; Russian, russische
    United States, USA, US, U S, U S A, United States of America, America, Vereinigte Staaten, Amerika; American
    Canada, Kanada, CA, CAN; Canadian, kanadische
    Mexico, Mexiko, MX, MEX; Mexican, mexikanische
    Brazil, Brasilien, BR, BRA; Brazilian, brasilianische
    Argentina, Argentinien, AR, ARG; Argentinian, argentinische
    China, CN, CHN; Chinese, chinesische, chinesischen
    Japan, JP, JPN; Japanese, japanische, japanischen
    India, Indien, IN, IND; Indian, indische, indischen
    South Korea, Südkorea, Korea, Republic of Korea, KR, KOR; Korean, South Korean, koreanische
    Australia, Australien, AU, AUS; Australian, australische
    New Zealand, Neuseeland, NZ, NZL
    South Africa, Südafrika, ZA, ZAF; South African, südafrikanische
    Egypt, Ägypten, EG, EGY; Egyptian, ägyptische
    Israel, IL, ISR; Israeli, israelische
    Singapore, Singapur, SG, SGP
"""


def _read() -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for line in _COUNTRIES.strip().splitlines():
        known, _, adjectives = line.partition(";")
        cells = frozenset(normal(name) for name in known.split(","))
        said = cells | {normal(name) for name in adjectives.split(",") if name.strip()}
        # Two letters are a country in a cell; in a question they are rather a word.
        names |= {name: cells for name in said if len(name) > 2 or name in ("uk", "us")}
    return names


_BY_NAME: Final[Mapping[str, frozenset[str]]] = MappingProxyType(_read())
LONGEST_PLACE: Final = max(len(name.split()) for name in _BY_NAME)


def other_names(said: str) -> frozenset[str]:
    """What a cell may hold where a question says this country or what is of it; all `normal`. Empty for no country."""
    return _BY_NAME.get(said, frozenset())
