"""How inputs are cut into parts, masked, matched and named: one file a modality."""
