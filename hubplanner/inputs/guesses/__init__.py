"""What files that nobody described may hold: how they are laid out, what their columns say, how they belong together.

A guess comes with its evidence, and with a question where it may be wrong. The command ``init --from`` and the app's
uploads guess by this code.
"""
