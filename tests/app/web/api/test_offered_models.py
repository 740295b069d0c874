"""A language model named in a question through the API."""

from app.operations import offered_models
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.app.operations.test_offered_models import REPLY, offer_scripted
from tests.app.web.api.conftest import Api
from tests.app.web.api.test_answers import filled  # noqa: F401 - a fixture

QUESTION = "How many days of paid parental leave does every parent receive?"


def test_the_named_model_answers_and_is_named(filled: Api, services: Services) -> None:  # noqa: F811
    admin = caller_of(services, is_admin=True)
    offer_scripted(services, admin, "Other", REPLY)
    answer = filled.post("/ask", {"query": QUESTION, "model": "Other"})
    assert (answer.status_code, answer.json()["model"]) == (200, "Other")
    assert [each.is_open for each in offered_models.list_offered(admin, services)] == [True]


def test_an_unknown_model_is_not_found(filled: Api) -> None:  # noqa: F811
    answer = filled.post("/ask", {"query": QUESTION, "model": "None"})
    assert answer.status_code == 404
    assert "no language model “None” to choose from" in answer.json()["detail"]
