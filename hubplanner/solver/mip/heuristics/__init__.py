"""Plans without a program: grown hub by hub, repaired, closed and grown again."""
