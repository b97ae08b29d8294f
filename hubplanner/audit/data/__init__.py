"""The inputs of a run read once more, plainly, by code of the audit's own."""
