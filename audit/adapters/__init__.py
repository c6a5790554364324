"""Loaders of models and data. Each is found by entry point and imported when it is used."""
