"""The app on the planner's own machine: pages and an interface over HTTP, with all work done elsewhere."""
