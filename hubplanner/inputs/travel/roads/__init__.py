"""Files of roads, and travel along them."""
