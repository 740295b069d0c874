"""The branches for what other programs and pages use: webhooks and widgets."""

from typing import Annotated

from pydantic import Field

from app.settings.base import NotNegative, Positive, Seconds, Section


class WebhooksSettings(Section):
    tries: Annotated[int, Field(ge=1, le=20)]
    timeout_s: Seconds
    keep_days: NotNegative


class WidgetsSettings(Section):
    questions_per_minute: Positive
    at_once: Positive
    question_characters: Annotated[int, Field(gt=0, le=20_000)]
    session_minutes: Positive
