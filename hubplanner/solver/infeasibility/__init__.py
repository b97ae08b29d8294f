"""Where no plan keeps all limits: which of them clash, and the least change that makes a plan possible."""
