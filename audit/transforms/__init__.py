"""Named, seeded changes of inputs, for probes that ask what survives them; one room a modality."""
