"""Who people are, as said by somebody else: OpenID Connect."""
