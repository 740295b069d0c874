"""What a browser says that it is, in a few words: "Firefox 140, Linux"."""

import re
from typing import Final

MAX_LENGTH: Final = 60
# The first that fits: many browsers also name those that they descend from.
_BROWSERS: Final = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS|HeadlessChrome)/(\d+)"),
    ("Safari", r"Version/(\d+)\S* (?:Mobile/\S+ )?Safari/"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("ChromeOS", "CrOS"),
    ("macOS", "Macintosh|Mac OS X"),
    ("Linux", "Linux|X11"),
)


def name_agent(user_agent: str) -> str:
    """Browser and system out of a User-Agent header; a program's own name and version; "" where nothing is said."""
    browser = next(
        (f"{name} {found[1]}" for name, pattern in _BROWSERS if (found := re.search(pattern, user_agent))), ""
    )
    if not browser:
        product = user_agent.split(" ", 1)[0].replace("/", " ", 1)
        return "".join(each for each in product if each.isprintable())[:MAX_LENGTH]
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, user_agent)), "")
    return ", ".join(part for part in (browser, system) if part)
