"""What tells foreign inputs from familiar ones: detectors, the halves they are tried on, figures.

Pure like the probes themselves: features and logits come as arrays.
"""
