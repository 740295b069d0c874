"""Language models that people may choose in the chat: offering them, changing what is said of them, withdrawing them.

Each is opened and asked for a few words before it is offered, as the service's own model is.
"""

from dataclasses import dataclass, replace
from typing import Final

from app.access import Caller
from app.db import assistants, offered_models
from app.db.offered_models import ModelOffer, OfferedModel
from app.domain import Deed
from app.engines.memory import Verdict, judge
from app.errors import CloisterError, NotFound, Rejected
from app.model_pool import PooledModel
from app.operations.connections import refresh, trying
from app.operations.model_choice import offered_settings
from app.operations.models import Files, ModelFile, alone, ask_one_piece, list_files
from app.operations.note import note
from app.services import Services

LONGEST_LABEL: Final = 60
FILE, ENDPOINT = "llamacpp", "openai"


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that people may choose, whether it is open now, and the assistants that answer with it, by name."""

    model: OfferedModel
    is_open: bool
    assistants: tuple[str, ...]


def list_offered(caller: Caller, services: Services) -> list[Offered]:
    """All of them, by what they are called. Raises Forbidden."""
    caller.require_admin()
    opened = services.pool.list_open()
    with services.database.read() as session:
        models, made = offered_models.list_all(session), assistants.list_all(session)
    return [
        Offered(model, model.id in opened, tuple(each.name for each in made if each.model == model.id))
        for model in models
    ]


def list_labels(services: Services) -> dict[str, str]:
    """What the models are called that anybody may choose, by id, in the order of their names."""
    with services.database.read() as session:
        return {model.id: model.offer.label for model in offered_models.list_all(session)}


def get_id(label: str, services: Services) -> str:
    """The id of the model that is called so. Raises NotFound."""
    with services.database.read() as session:
        found = offered_models.find_by_label(session, label)
    if found is None:
        raise NotFound(f"There is no language model “{label}” to choose from.")
    return found.id


def list_offerable(found: Files) -> list[tuple[ModelFile, Verdict]]:
    """The files that can be offered, each judged for a place beside the present model."""
    beside = replace(found.machine, freed=0)
    return [(each, Verdict.FITS if each.is_present else judge(each.need, beside)) for each in found.files if each.need]


def offer_file(label: str, file: str, context_tokens: int, caller: Caller, services: Services) -> str:
    """Offer a listed GGUF file once it has written something here; returns its id.

    Raises Forbidden, NotFound; Rejected where it cannot, and then nothing is offered.
    """
    caller.require_admin()
    services.pool.close_idle()
    found = list_files(context_tokens, caller, services)
    verdict_by_file = {each.file: verdict for each, verdict in list_offerable(found)}
    if file not in verdict_by_file:
        problem = next((each.problem for each in found.files if each.file == file), "")
        raise Rejected(problem) if problem else NotFound(f"There is no “{file}” in the models folder; reload the page.")
    if verdict_by_file[file] is Verdict.TOO_LARGE:
        raise Rejected(
            f"“{file}” needs more memory than this machine has free beside the present model, and was not loaded; "
            "choose a smaller one, or fewer tokens of context."
        )
    return _put(ModelOffer(label, FILE, file, context_tokens=context_tokens), None, caller, services)


def offer_endpoint(offer: ModelOffer, key: str, caller: Caller, services: Services) -> str:
    """Offer the model at an address once it has written something; returns its id. `key`: "" for none.

    Raises Forbidden; Rejected where it cannot, and then nothing is offered.
    """
    caller.require_admin()
    return _put(replace(offer, engine=ENDPOINT, sealed_key=_sealed(key, services)), None, caller, services)


def change(
    id: str,
    caller: Caller,
    services: Services,
    *,
    label: str,
    context_tokens: int,
    sees_images: bool = False,
    key: str = "",
) -> None:
    """Call a model differently, or say something else of it; without a `key` it goes on with the one that is kept.

    Raises NotFound, Forbidden; Rejected where it does not write like that, and then it stays as it was.
    """
    caller.require_admin()
    with services.database.read() as session:
        before = offered_models.get(session, id).offer
    said = replace(before, label=label, context_tokens=context_tokens)
    if before.engine == ENDPOINT:
        sealed_key = _sealed(key, services) or before.sealed_key
        said = replace(said, sees_images=sees_images, sealed_key=sealed_key)
    _put(said, id, caller, services)
    services.pool.forget(id)


def withdraw(id: str, caller: Caller, services: Services) -> OfferedModel:
    """Offer a model no longer; returns what it was. Answers under way end with it. Its key is deleted.

    Raises NotFound, Forbidden; Rejected while an assistant answers with it.
    """
    caller.require_admin()
    with services.database.write() as session:
        model = offered_models.get(session, id)
        users = [each.name for each in assistants.list_all(session) if each.model == id]
        if users:
            named = ", ".join(f"“{name}”" for name in users)
            raise Rejected(f"{named} answers with it; choose another model there first. It is still offered.")
        offered_models.remove(session, id)
    refresh(services)
    services.pool.forget(id)
    note(services, caller, Deed.MODEL_CHANGE, subject_id=id, subject=model.offer.label, detail="no longer offered")
    return model


def _put(offer: ModelOffer, id: str | None, caller: Caller, services: Services) -> str:
    offer = _tidy(offer)
    with services.database.read() as session:
        offered_models.require_free(session, offer.label, id)
    _try(offer, services)
    with services.database.write() as session:
        stored = offered_models.put(session, offer, offered_by=caller.name, id=id)
    refresh(services)
    detail = f"{'offered' if id is None else 'offer changed'}, {offer.url or 'a file'}"
    note(services, caller, Deed.MODEL_CHANGE, subject_id=stored, subject=offer.label, detail=detail)
    return stored


def _tidy(offer: ModelOffer) -> ModelOffer:
    tidy = replace(offer, label=" ".join(offer.label.split()), model=offer.model.strip(), url=offer.url.strip())
    if not tidy.label or len(tidy.label) > LONGEST_LABEL:
        raise Rejected(f"A model that is offered needs a name of 1 to {LONGEST_LABEL} characters.")
    if not tidy.model:
        raise Rejected("An endpoint needs the name of the model there.")
    return tidy


def _try(offer: ModelOffer, services: Services) -> None:
    with alone(services):
        try:
            settings = offered_settings(offer, services.settings, services.configured_generator, services.seal)
            model = PooledModel("", offer.label, settings)
            with trying(settings, services), services.trying(model) as generator:
                ask_one_piece(generator)
        except CloisterError as exc:
            raise Rejected(f"The model is not offered like this: {exc}") from exc


def _sealed(key: str, services: Services) -> str:
    return services.seal.close(key.encode()).decode() if key else ""
