"""What each budget can reach, with proof."""
