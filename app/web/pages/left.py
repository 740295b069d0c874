"""What the sign-in page knows of somebody who has just signed out of a session that somebody else vouched for.

"leave" until the provider was told, then "stay": the page waits for a click, and does not sign them in again.
"""

from typing import Final

from starlette.responses import Response

LEFT_COOKIE: Final = "cloister_left"
LEFT_S: Final = 120


def remember_leaving(response: Response, issuer: str) -> None:
    """Mark the answer to a sign-out. `issuer`: who had vouched for the person, "" for a password."""
    if issuer:
        response.set_cookie(LEFT_COOKIE, "leave", LEFT_S, path="/", httponly=True, samesite="lax")
