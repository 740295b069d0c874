"""reStructuredText, read by docutils: no file is inserted, no raw markup let through, nothing fetched."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.languages import get_language
from docutils.utils import SystemMessage, new_document

from app.domain import ParsedDocument
from ingest.parse.encoding import decode
from ingest.parse.html import html_markdown
from ingest.parse.media_type import MediaType

SETTINGS: Final = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "line_length_limit": 1_000_000,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "stylesheet": None,
    "section_self_link": False,
    "toc_backlinks": False,
    "footnote_backlinks": False,
}
DIRECTIVE = re.compile(r"^\s*\.\. (?:\|[^|\n]{1,99}\| )?([\w:+.-]{1,50}?)::(?=\s|$)", re.MULTILINE)
ROLE = re.compile(r"(?::([\w:+.-]{1,50}):(?=`)|(?<=`):([\w:+.-]{1,50}):)")
# A broken document makes docutils stumble in ways that it does not name.
STUMBLES: Final = (SystemMessage, ValueError, LookupError, AttributeError, TypeError, AssertionError, RecursionError)


class _Container(Directive):
    """A directive whose argument and content are text like any other."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = None

    def run(self) -> list[nodes.Node]:
        made = nodes.container()
        if self.arguments:
            made += nodes.paragraph("", self.arguments[0])
        self.state.nested_parse(self.content, self.content_offset, made)
        return list(made.children)


def parse_restructured(path: Path) -> ParsedDocument:
    """Sections as headings, lists, tables, code; title, author and date from the head. Broken markup stays as text."""
    text = decode(path.read_bytes())
    try:
        tree = _read(text)
        page = publish_from_doctree(tree, writer="html5", settings_overrides=SETTINGS)
        body = _markdown(BeautifulSoup(page, "lxml"))
    except STUMBLES:
        return ParsedDocument(text.strip(), MediaType.RESTRUCTURED)
    return ParsedDocument(
        text=body,
        media_type=MediaType.RESTRUCTURED,
        title=str(tree.get("title") or ""),
        author=_fact(tree, nodes.author),
        created_at=_moment(_fact(tree, nodes.date)),
    )


def _read(text: str) -> nodes.document:
    """docutils drops the content of directives that it does not know; Sphinx and others add many."""
    nowhere = new_document("")
    english = get_language("en")
    for name in set(DIRECTIVE.findall(text)):
        if directives.directive(name, english, nowhere)[0] is None:  # type: ignore[arg-type]
            directives.register_directive(name, _Container)
    for name in {before or after for before, after in ROLE.findall(text)}:
        if roles.role(name, english, 0, nowhere.reporter)[0] is None:  # type: ignore[arg-type]
            roles.register_local_role(name, _plain_role)
    return publish_doctree(text, settings_overrides=SETTINGS)


def _plain_role(
    _name: str, _raw: str, text: str, _line: int, _inliner: Any, _options: Any = None, _content: Any = None
) -> tuple[list[Any], list[Any]]:
    """A reference by its words: “the words <target>” or “~module.name”."""
    return [nodes.Text(text.split(" <")[0].lstrip("~!"))], []


def _markdown(soup: BeautifulSoup) -> str:
    for code in soup.select("pre.code"):
        language = next(
            (name for name in code.get_attribute_list("class") if name not in ("code", "literal-block")), ""
        )
        inner = soup.new_tag("code", attrs={"class": f"language-{language}"} if language else {})
        inner.string = code.get_text()
        code.clear()
        code.append(inner)
    for message in soup.select(".system-messages, aside.system-message"):
        message.decompose()
    # Footnotes and admonitions are asides to docutils; on web pages, asides are advertising.
    for aside in soup.find_all(["aside", "nav"]):
        aside.name = "div"
        del aside["role"]
    for literal in soup.select("span.literal"):
        literal.name = "code"
    for item in soup.find_all("li"):
        if len(paragraphs := item.find_all("p", recursive=False)) == 1:
            paragraphs[0].unwrap()
    for field in soup.select("dl.docinfo dt"):
        field.name, value = "p", field.find_next_sibling("dd")
        if value is not None:
            field.append(f" {value.get_text(' ', strip=True)}")
            value.decompose()
    return html_markdown(str(soup))


def _fact(tree: nodes.document, kind: type[nodes.Element]) -> str:
    return next((found.astext() for found in tree.findall(kind)), "")


def _moment(stated: str) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(stated.strip())
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return None
