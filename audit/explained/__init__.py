"""Explanations as probes ask for them and compare them."""
