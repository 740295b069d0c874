"""A Firecrawl server of this machine, for the site of a test. It answers in the shapes that a real one was seen to use.

`recorded` answers (shared/fixtures/firecrawl) are replayed as they are; without them it crawls the site itself.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import urlopen

from lxml import html

from tests.local_server import QuietHandler, listening

# What a crawl may be asked with; a real server refuses anything else (v2_scrape_badfield.json).
CRAWL_FIELDS = {"url", "limit", "maxDiscoveryDepth", "crawlEntireDomain", "includePaths", "excludePaths", "sitemap"}
CRAWL_FIELDS |= {"maxConcurrency", "delay", "scrapeOptions", "ignoreRobotsTxt", "origin", "ignoreQueryParameters"}
CRAWL_FIELDS |= {
    "allowExternalLinks",
    "allowSubdomains",
    "regexOnFullURL",
    "deduplicateSimilarURLs",
    "zeroDataRetention",
}
SCRAPE_FIELDS = {"formats", "maxAge", "onlyMainContent", "url", "origin", "skipTlsVerification", "storeInCache"}
SCRAPE_FIELDS |= {"removeBase64Images", "fastMode", "blockAds", "mobile"}
JOB = "579c7ffe-51d3-4175-9447-3161aac57b06"


@dataclass
class FirecrawlServer:
    """`asked`: (method, path, body) of all requests. `knows_tracking`: whether it has change tracking."""

    recorded: dict[str, Any] = field(default_factory=dict)
    knows_tracking: bool = False
    tracked: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    crawled: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    polls: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def served(self) -> Iterator["FirecrawlServer"]:
        fake = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._send(*fake.answer("POST", self.path, body))

            def do_GET(self) -> None:
                self._send(*fake.answer("GET", self.path, {}))

            def do_DELETE(self) -> None:
                self._send(*fake.answer("DELETE", self.path, {}))

            def _send(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        with listening(Handler) as self.port:
            yield self

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((method, path, body))
        match method, urlsplit(path).path.removesuffix("/").replace(JOB, "JOB"):
            case "POST", "/v2/crawl":
                return self._refuse(body, CRAWL_FIELDS) or self._start(body)
            case "POST", "/v2/scrape":
                return self._refuse(body, SCRAPE_FIELDS) or self._scrape(body["url"])
            case "GET", "/v2/crawl/JOB":
                return self._status(path)
            case "GET", "/v2/crawl/JOB/errors":
                return 200, self.recorded.get("v2_crawl_errors") or {"errors": self.errors, "robotsBlocked": []}
            case "DELETE", "/v2/crawl/JOB":
                return 200, {"status": "cancelled"}
            case _:
                return 404, {"success": False, "error": "Job not found"}

    def _refuse(self, body: dict[str, Any], known: set[str]) -> tuple[int, dict[str, Any]] | None:
        formats = (body.get("scrapeOptions") or body).get("formats", [])
        tracks = any(isinstance(each, dict) and each.get("type") == "changeTracking" for each in formats)
        unknown = [*(body.keys() - known), *(set(body.get("scrapeOptions", {})) - SCRAPE_FIELDS)]
        if not unknown and (not tracks or self.knows_tracking):
            return None
        problem = {"code": "unrecognized_keys", "keys": unknown, "path": [], "message": "Unrecognized key in body"}
        return 400, {"success": False, "code": "BAD_REQUEST", "error": "Bad Request", "details": [problem]}

    def _start(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.polls, self.crawled, self.errors = 0, [], []
        if not self.recorded:
            self._crawl(body)
        return 200, {"success": True, "id": JOB, "url": f"{self.url}/v2/crawl/{JOB}"}

    def _status(self, path: str) -> tuple[int, dict[str, Any]]:
        """Nothing at first, which is not yet the end; then two documents at a time."""
        self.polls += 1
        if self.polls == 1:
            return 200, self.recorded.get("v2_crawl_first_status") or self._job("scraping", [], 0)
        if self.recorded:
            return 200, self.recorded["v2_crawl_done"]
        skip = int(re.search(r"skip=(\d+)", path)[1]) if "skip=" in path else 0  # type: ignore[index]
        job = self._job("completed", self.crawled[skip : skip + 2], len(self.crawled))
        if skip + 2 < len(self.crawled):
            job["next"] = f"http://elsewhere.example/v2/crawl/{JOB}?skip={skip + 2}"
        return 200, job

    def _job(self, status: str, data: list[dict[str, Any]], total: int) -> dict[str, Any]:
        return {
            "success": True,
            "status": status,
            "completed": total,
            "total": total,
            "creditsUsed": total,
            "expiresAt": "2026-11-22T19:21:49.000Z",
            "data": data,
        }

    def _crawl(self, body: dict[str, Any]) -> None:
        host, seen, waiting = urlsplit(body["url"]).netloc, {body["url"]}, [body["url"]]
        while waiting and len(seen) <= body["limit"]:
            url = waiting.pop(0)
            status, answer = self._scrape(url)
            if status != 200:
                self.errors.append(
                    {"id": "1", "timestamp": "", "url": url, "code": answer["code"], "error": answer["error"]}
                )
                continue
            self.crawled.append(answer["data"])
            for link in html.fromstring(answer["data"]["rawHtml"] or "<p>").xpath("//a/@href"):
                target = urldefrag(urljoin(answer["data"]["metadata"]["url"], link))[0]
                if urlsplit(target).netloc == host and target not in seen:
                    seen.add(target)
                    waiting.append(target)

    def _scrape(self, url: str) -> tuple[int, dict[str, Any]]:
        """A page as it is, 404 included; what is no page is an error of all engines."""
        try:
            with urlopen(url, timeout=5) as answer:
                status, final, headers, content = answer.status, answer.url, answer.headers, answer.read()
        except HTTPError as exc:
            status, final, headers, content = exc.code, url, exc.headers, exc.read()
        except URLError:
            return self._failed()
        if "html" not in headers.get("Content-Type", ""):
            return self._failed()
        text = content.decode()
        tree = html.fromstring(text or "<p>")
        about = {
            "title": tree.findtext(".//title") or "",
            "sourceURL": url,
            "url": final,
            "statusCode": status,
            "contentType": headers["Content-Type"],
            "proxyUsed": "basic",
        }
        data = {"markdown": " ".join(tree.text_content().split()), "rawHtml": text, "metadata": about}
        if url in self.tracked:
            data["changeTracking"] = self.tracked[url]
        return 200, {"success": True, "data": data}

    def _failed(self) -> tuple[int, dict[str, Any]]:
        said = "All scraping engines failed! -- Double check the URL to make sure it's not broken."
        return 500, {"success": False, "code": "SCRAPE_ALL_ENGINES_FAILED", "error": said}
