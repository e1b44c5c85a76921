"""Read documents of any supported format into canonical text with exact places, and index them."""
