"""What is pinned: the lock, its text, and what differs between two."""
