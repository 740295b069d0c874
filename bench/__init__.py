"""How fast and how right Cloister is, each figure beside the bare engine on the same input in the same run."""
