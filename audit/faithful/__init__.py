"""Whether the parts that explanations point at decide the answer: what is asked and what is found.

Nothing here sees a model: versions of inputs are asked for, and their outputs compared.
"""
