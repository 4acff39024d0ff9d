"""What is observed of a live host: evidence, and the facts read from it."""
