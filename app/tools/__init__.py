"""What an assistant may do besides reading passages, and the gate that decides whether it happens."""
