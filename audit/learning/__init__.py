"""What probes that train a model again share: sizes and subsets, errors by size, drawings.

Pure like the probes themselves: a training is a request, and comes back as arrays.
"""
