"""Accuracy where nobody has labels: estimates from outputs alone, and how far they may be off."""
