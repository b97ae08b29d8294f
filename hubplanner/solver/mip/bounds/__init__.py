"""What no plan can be better than: relaxations whose bounds are recomputed, prices of rows, all hubs together."""
