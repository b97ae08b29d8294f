"""How hubs get a line to the internet: what links cost, and lines and radio hops between places."""
