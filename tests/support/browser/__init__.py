"""The app's server, a browser, and what a visitor sees."""
