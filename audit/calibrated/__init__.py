"""Stated probabilities held against outcomes: where, how far off, and whether it can be mended."""
