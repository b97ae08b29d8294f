"""The commands, one module a kind: words in, pipeline calls, words out."""
