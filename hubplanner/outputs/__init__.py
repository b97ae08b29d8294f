"""A plan for people: frames, figures, files and pictures. Nothing is imported here, so that lists stay quick."""
