"""What all JSON of the API has in common."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid")
