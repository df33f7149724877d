"""Parts of :mod:`unspool.torch`."""
