"""What fakemapi.py is made of."""
