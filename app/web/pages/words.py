"""What the pages outside the chat say, in English and German."""

from dataclasses import dataclass

from app.web.language import Language, choose_language


@dataclass(frozen=True, slots=True)
class WelcomeWords:
    """The page behind a one-time sign-in link."""

    title: str
    heading: str
    intro: str
    choose: str
    length_hint: str
    again: str
    button: str
    different: str
    too_short: str
    too_plain: str
    holds_name: str
    used_heading: str
    used: str
    to_sign_in: str


@dataclass(frozen=True, slots=True)
class SingleWords:
    """Single sign-on: its button, and why somebody was not signed in."""

    button: str
    or_else: str
    heading: str
    back: str


@dataclass(frozen=True, slots=True)
class PageWords:
    """The sentences of one language. Braces are filled with `str.format`."""

    language: Language
    welcome: WelcomeWords
    single: SingleWords


ENGLISH = PageWords(
    language="en",
    welcome=WelcomeWords(
        title="Welcome to Cloister",
        heading="Welcome, {name}",
        intro="Choose a password. You sign in as “{name}” with it from now on; this link works only once.",
        choose="Password",
        length_hint="At least {n} characters. A few words in a row are easy to remember and hard to guess.",
        again="The same password again",
        button="Save password and sign in",
        different="The two passwords differ. Nothing was saved; type the same password twice.",
        too_short="The password has fewer than {n} characters. Nothing was saved; choose a longer one.",
        too_plain="The password has fewer than {n} different characters. Nothing was saved; choose another one.",
        holds_name="The password holds your name. Nothing was saved; choose another one.",
        used_heading="This link does not work any more",
        used="It was used already, or it was not copied whole. If you have a password, sign in with it. "
        "If not, ask the owner of this service for a new link; at the first start, restart the service to get one.",
        to_sign_in="Go to sign in",
    ),
    single=SingleWords(
        button="Single sign-on",
        or_else="or",
        heading="You were not signed in",
        back="To the sign-in page",
    ),
)

GERMAN = PageWords(
    language="de",
    welcome=WelcomeWords(
        title="Willkommen bei Cloister",
        heading="Willkommen, {name}",
        intro="Wählen Sie ein Passwort. Damit melden Sie sich künftig als „{name}“ an; dieser Link gilt nur einmal.",
        choose="Passwort",
        length_hint="Mindestens {n} Zeichen. Ein paar Wörter hintereinander merkt man sich leicht und errät sie "
        "schwer.",
        again="Dasselbe Passwort noch einmal",
        button="Passwort speichern und anmelden",
        different="Die beiden Passwörter sind verschieden. Es wurde nichts gespeichert; tippen Sie zweimal dasselbe.",
        too_short="Das Passwort hat weniger als {n} Zeichen. Es wurde nichts gespeichert; wählen Sie ein längeres.",
        too_plain="Das Passwort hat weniger als {n} verschiedene Zeichen. Es wurde nichts gespeichert; wählen Sie ein "
        "anderes.",
        holds_name="Das Passwort enthält Ihren Namen. Es wurde nichts gespeichert; wählen Sie ein anderes.",
        used_heading="Dieser Link gilt nicht mehr",
        used="Er wurde schon benutzt oder nicht ganz kopiert. Wenn Sie ein Passwort haben, melden Sie sich damit an. "
        "Sonst bitten Sie den Betreiber um einen neuen Link; beim ersten Start starten Sie den Dienst dafür neu.",
        to_sign_in="Zur Anmeldung",
    ),
    single=SingleWords(
        button="Single Sign-on",
        or_else="oder",
        heading="Sie wurden nicht angemeldet",
        back="Zur Anmeldung",
    ),
)


def words_for(accept_language: str) -> PageWords:
    """The words for a browser's Accept-Language."""
    return GERMAN if choose_language(accept_language) == "de" else ENGLISH
