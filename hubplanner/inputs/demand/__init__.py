"""Who lives where: read, joined to zones, spread over points, merged while it is read."""
