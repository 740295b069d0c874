"""What leaves this machine: nothing that nobody asked for, and nothing to where nobody meant."""
