"""A copy of Chainlit's page that asks nobody but this service for anything.

The page as shipped loads fonts and a style sheet from other hosts. The copy leaves those out; its
fonts are in app/web/static, and formulas are not rendered.
"""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

# A <link> to another host, with what the line holds before it.
_FOREIGN_LINK = re.compile(r"""[ \t]*<link\b[^>]*\bhref=["'](?:https?:)?//[^>]*>\n?""")
# Chainlit's settings know light and dark; only the browser's own storage can say "as the system does".
_FOLLOW_SYSTEM = """\
    <script>
      localStorage.getItem("vite-ui-theme") ?? localStorage.setItem("vite-ui-theme", "system");
    </script>
"""
# The page's policy lets styles count that carry this mark, which is another one each time the page is sent. Parts of
# the page make their styles as it runs: what its scripts make gets the mark, what comes as HTML does not.
NONCE_PLACE = "STYLE-NONCE"
_MARK_STYLES = f"""\
    <script nonce="{NONCE_PLACE}">
      {{
        const nonce = document.currentScript.nonce;
        const make = document.createElement;
        document.createElement = function (name, options) {{
          const element = make.call(this, name, options);
          if (element instanceof HTMLStyleElement) element.nonce = nonce;
          return element;
        }};
      }}
    </script>
"""
# Where Chainlit puts our style sheet. It must come after Chainlit's own to have the last word.
_STYLES = "<!-- CSS INJECTION PLACEHOLDER -->"
# Chainlit opens the pane with everything in it whenever an answer or an old chat arrives. Ours opens on a click.
_OPEN_UNASKED = re.compile(r"\w+\(\{title:(\w+)\[\1\.length-1\]\.name,elements:\1\}\)")
# The pane's share of the window, in percent: a page must be readable in it.
_PANE_SIZE = re.compile(r"(defaultSize:\w\?50:)40\b")


def strip_page(html: str) -> str:
    """The page without links to other hosts, following the system's light or dark, its styles marked, ours last."""
    kept = _FOREIGN_LINK.sub("", html).replace(_STYLES, "", 1)
    return kept.replace("</head>", f"{_FOLLOW_SYSTEM}{_MARK_STYLES}    {_STYLES}\n  </head>", 1)


def keep_pane_closed(script: str) -> str:
    """The page's script without the line that opens the pane unasked; unchanged when there is no such line."""
    return _OPEN_UNASKED.sub("void 0", script)


def widen_pane(script: str) -> str:
    """The page's script with room for a page in the pane; unchanged when its size is not said as expected."""
    return _PANE_SIZE.sub(r"\g<1>55", script)


def install_frontend(shipped: Path, version: str, folder: Path) -> Path:
    """Make the stripped copy in `folder` unless it is there; returns its path.

    The name holds Chainlit's version and a hash of the page and of how we change it, so that each makes a
    copy of its own. It appears whole or not at all.
    """
    page = strip_page((shipped / "index.html").read_text(encoding="utf-8"))
    fingerprint = hashlib.sha256(f"{page}{_OPEN_UNASKED.pattern}{_PANE_SIZE.pattern}".encode()).hexdigest()[:12]
    target = folder / f"frontend-{version}-{fingerprint}"
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".frontend-", dir=folder))
        # Source maps are two thirds of the size and of no use here.
        shutil.copytree(shipped, unfinished, ignore=shutil.ignore_patterns("*.map"), dirs_exist_ok=True)
        (unfinished / "index.html").write_text(page, encoding="utf-8")
        for script in (unfinished / "assets").glob("index-*.js"):
            script.write_text(widen_pane(keep_pane_closed(script.read_text(encoding="utf-8"))), encoding="utf-8")
        unfinished.chmod(0o755)
        _move(unfinished, target)
    for old in folder.glob("frontend-*"):
        if old != target:
            shutil.rmtree(old)
    return target


def _move(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:
        # Another process was faster, and made the same.
        shutil.rmtree(unfinished)
        if not target.is_dir():
            raise
