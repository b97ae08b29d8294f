"""Ways along roads from the raw file once more, by networkx: no vertex left out, no search cut short."""
