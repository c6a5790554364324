"""The only place that calls a model: plan, predict once, keep what was predicted."""
