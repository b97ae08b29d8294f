"""Any question as one mixed-integer program, goal by goal."""
