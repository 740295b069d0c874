"""Backups: everything that cannot be made again, in one file.

    gzip(tar(about.json, files/<sha256> …, chat/<thread>/<element> …, keys/<name> …, database.sqlite, manifest.json))

`about.json` comes first, so that a file of a later format is refused at once; `manifest.json` comes last and names
every member with its size and SHA-256, so that a file without it is known to be cut off. An encrypted backup is the
same stream in sealed blocks (`encryption`). docs/backup.md is the description for people.
"""
