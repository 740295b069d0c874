"""Text that the page's Markdown shows as it is. Pure."""

import re

# Characters with a meaning in Markdown, and colons that start a link or a directive.
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~!&]|:(?=[\w/])|(?<=www)\.|^[-+=](?=\s)|(?<=^\d)[.)](?=\s)")

_LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\((?:https?:|mailto:|[/#.])(?:[^()\s]|\([^()\s]*\))*\)")


def chip(n: int) -> str:
    """The reference to passage `n` in a text, and the name of the element that it opens."""
    return f"[{n}]"


def plain(text: str) -> str:
    """Document text as one line that Markdown shows as it is: no link, no image, no heading, no chip."""
    return _MARKUP.sub(lambda match: f"\\{match[0]}", one_line(text))


def unlinked(text: str) -> str:
    """The text with the words of Markdown's links instead of the links: addresses are no pleasure to read."""
    return _LINK.sub(lambda match: match[1], text)


def one_line(text: str) -> str:
    """The text without line ends and runs of spaces."""
    return " ".join(text.split())


def shorten(text: str, length: int) -> str:
    """One line of at most `length` characters and an ellipsis, cut between words where there are any."""
    line = one_line(text)
    return line if len(line) <= length else f"{line[:length].rsplit(' ', 1)[0]} …"


def fence(code: str, language: str) -> str:
    """A block of code, whatever backticks it holds."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{code}\n{marks}"
