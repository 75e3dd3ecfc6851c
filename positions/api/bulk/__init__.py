"""Many employees or positions in one request: what is asked, row by row, and how it is carried out."""
