"""Files that are no Python distribution: weights, vocabularies, installers."""
