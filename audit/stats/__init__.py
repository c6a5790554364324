"""The statistics of the verdict."""
