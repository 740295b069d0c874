"""The SQL store: the only home of SQLModel. One file per noun; functions take an open session."""
