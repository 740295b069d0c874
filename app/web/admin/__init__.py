"""The admin pages: templates filled by `page.Page`, a file of routes per section, everything done by `app.operations`.

A route asks for `PageOf`; that is who is signed in, with the right to be here. A form carries a token, which is
checked before a route that changes something is even called.
"""
