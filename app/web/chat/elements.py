"""Elements of the chat of which nothing is left when their thread goes."""

from chainlit.data import get_data_layer
from chainlit.element import Element
from sqlalchemy.exc import SQLAlchemyError


class KeptWithChat(Element):
    """An element that is stored with the chat alone; of others Chainlit leaves a copy in the session's folder.

    It stands before Chainlit's own type among the bases.
    """

    async def _create(self, persist: bool = True) -> bool:
        layer = get_data_layer()  # type: ignore[no-untyped-call]
        try:
            await layer.create_element(self)
        except SQLAlchemyError:
            # The person has been told that it is not stored; it is there as long as the session lasts.
            return bool(await super()._create(persist=False))
        return persist
