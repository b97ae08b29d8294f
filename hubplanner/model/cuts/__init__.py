"""Valid inequalities."""
