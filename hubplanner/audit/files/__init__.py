"""What a run says beside its plan: its tables and layers, its roads, its stability."""
