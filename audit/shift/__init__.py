"""What a shift does to a model: figures over domains, whether they differ, and what is drawn."""
