"""One-time links as JSON."""

from app.web.api.models.base import Model


class NewSignInLink(Model):
    """Whose password is to be chosen anew: a name."""

    person: str


class SignInLinkOut(Model):
    """The address at which the person chooses a password, once."""

    person: str
    url: str
