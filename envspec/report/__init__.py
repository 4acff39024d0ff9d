"""Answers as text: each function takes values and returns what a person or a machine reads."""
