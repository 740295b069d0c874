"""Third-party retrieval sets, read from a folder beside the repository. They are no part of Cloister."""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import REPOSITORY

SETS_FOLDER = REPOSITORY.parent / "shared" / "bench"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the names of the documents that answer it, or the `spans` of its one document that do."""

    text: str
    documents: frozenset[str]
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents and questions. `texts` are Markdown by file name, or `files` are taken as they are."""

    name: str
    k: int
    questions: tuple[Asked, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def list_sets(*, is_full: bool) -> list[RetrievalSet]:
    """The sets that lie in the folder; `is_full` adds the one that takes minutes."""
    sets = [_read_xquad("en"), _read_xquad("de"), _read_tatqa(), _read_chunking()]
    return [*sets, _read_sec_10q()] if is_full else sets


def _read_xquad(language: str) -> RetrievalSet:
    content = json.loads((SETS_FOLDER / "xquad" / f"xquad.{language}.json").read_text(encoding="utf-8"))
    paragraphs = [paragraph for article in content["data"] for paragraph in article["paragraphs"]]
    texts = {f"{number:04}.md": paragraph["context"] for number, paragraph in enumerate(paragraphs)}
    questions = tuple(
        Asked(question["question"], frozenset({name}))
        for name, paragraph in zip(texts, paragraphs, strict=True)
        for question in paragraph["qas"]
    )
    return RetrievalSet(f"xquad.{language}", 5, questions, texts)


def _read_tatqa() -> RetrievalSet:
    contexts = json.loads((SETS_FOLDER / "tatqa" / "tatqa_dataset_dev.json").read_text(encoding="utf-8"))
    texts = {
        f"{number:04}.md": "\n\n".join(
            [_markdown_table(each["table"]["table"]), *(paragraph["text"] for paragraph in each["paragraphs"])]
        )
        for number, each in enumerate(contexts)
    }
    questions = tuple(
        Asked(question["question"], frozenset({name}))
        for name, each in zip(texts, contexts, strict=True)
        for question in each["questions"]
    )
    return RetrievalSet("tatqa", 5, questions, texts)


def _read_chunking() -> RetrievalSet:
    folder = SETS_FOLDER / "chunking"
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "corpora").glob("*.md"))}
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    questions = tuple(
        Asked(
            row["question"],
            frozenset({f"{row['corpus_id']}.md"}),
            tuple((each["start_index"], each["end_index"]) for each in json.loads(row["references"])),
        )
        for row in rows
    )
    return RetrievalSet("chunking", 5, questions, texts)


def _read_sec_10q() -> RetrievalSet:
    folder = SETS_FOLDER / "sec_10q"
    with (folder / "qna_data.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    questions = tuple(Asked(row["Question"], _named_files(row["Answer"])) for row in rows)
    files = tuple(sorted(folder.glob("*.pdf")))
    return RetrievalSet("sec_10q", 10, tuple(each for each in questions if each.documents), files=files)


def _named_files(answer: str) -> frozenset[str]:
    _, _, sources = answer.rpartition("SOURCE")
    return frozenset(re.findall(r"\d{4} Q\d [A-Z]+\.pdf", sources))


def _markdown_table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])
