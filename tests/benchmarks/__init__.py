"""The benchmark suite: `make bench` takes minutes, `make bench-full` hours."""
