"""The ablations of the paper (Tables 3 to 8) as plans of commands."""
