"""What the HR side tells the world. It does not know who listens."""

from django.dispatch import Signal

# Positions were saved together by positions/bulk.py, inside its transaction (post_save is not sent for these).
# Keyword argument: saved, a list of (position with its employee, changed_fields or None), without those of which
# nothing was changed.
positions_changed = Signal()
