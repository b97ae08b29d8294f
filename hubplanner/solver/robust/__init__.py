"""Plans over several futures."""
