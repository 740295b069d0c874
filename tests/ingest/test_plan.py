"""The plan: what to do with found files, decided on plain values."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain import FoundFile
from ingest.plan import Known, plan_changes

LOCATIONS = st.sampled_from([f"/docs/{letter}.md" for letter in "abcdef"])
HASHES = st.sampled_from(["one", "two", "three"])
FOUND = st.lists(st.builds(lambda at, content: FoundFile(at, at, content, 1), LOCATIONS, HASHES), max_size=12)
KNOWN = st.dictionaries(LOCATIONS, HASHES).map(
    lambda known: {at: Known(hash_, f"id-{at}") for at, hash_ in known.items()}
)


@given(FOUND, KNOWN)
def test_every_found_file_is_in_exactly_one_group(found: list[FoundFile], known: dict[str, Known]) -> None:
    plan = plan_changes(found, known)
    groups = [*plan.new, *plan.changed, *(file for file, _ in plan.unchanged)]
    assert sorted(file.location for file in groups) == sorted({file.location for file in found})


@given(FOUND, KNOWN)
def test_gone_is_what_was_known_and_is_not_found(found: list[FoundFile], known: dict[str, Known]) -> None:
    gone = known.keys() - {file.location for file in found}
    assert sorted(plan_changes(found, known).gone) == sorted(known[location].document_id for location in gone)


@given(FOUND, KNOWN)
def test_the_hash_alone_decides(found: list[FoundFile], known: dict[str, Known]) -> None:
    plan = plan_changes(found, known)
    assert all(file.location not in known for file in plan.new)
    assert all(known[file.location].content_hash != file.content_hash for file in plan.changed)
    assert all(known[file.location] == Known(file.content_hash, id) for file, id in plan.unchanged)
