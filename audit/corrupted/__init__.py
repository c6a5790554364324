"""What the answers become when inputs are changed: which cells are asked, measured and shown."""
