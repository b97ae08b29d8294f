"""Tables read cell by cell: spreadsheets, databases, Parquet and JSON, and codes of cells as places."""
