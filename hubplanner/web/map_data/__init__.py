"""What the app draws on its map."""
