"""The parts of chunking: find units, fit them to the size, pack them."""
