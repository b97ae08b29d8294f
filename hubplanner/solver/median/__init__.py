"""Distances within budget and count: multipliers, exchanges of hubs, and a program for what they leave."""
