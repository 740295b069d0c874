"""The lab: what a chunking profile makes of the owner's own documents, seen and measured before it is applied."""
