"""Instances, named or random from a seed, and the files that hold them."""
