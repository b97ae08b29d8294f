"""Run folders: named, stored, read back, exported, compared."""
