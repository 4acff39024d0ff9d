"""The rules: a lock and the facts of a host become findings."""
