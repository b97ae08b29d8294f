"""Ways to travel that are searched in a file: roads, and rasters of how long a metre takes."""
