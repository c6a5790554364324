"""Explanations of a network whose layers are given random weights, one share after another."""
