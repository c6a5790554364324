"""Built-in probes: one file, one question. They see arrays, never a live model."""
