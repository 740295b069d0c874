"""Plain records: rows of the tables as they are, to read and to take away, by sqladmin in our own clothes.

Of sqladmin only its views and their queries are used. Its pages, scripts and styles are never sent: `application`
fills our templates and keeps four of its routes.
"""
