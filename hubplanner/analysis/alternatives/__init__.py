"""Plans nearly as good as the best, and what each site is to them."""
