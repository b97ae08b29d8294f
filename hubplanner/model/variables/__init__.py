"""The decision variables of a program."""
