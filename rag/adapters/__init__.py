"""One module a vendor; no vendor's type leaves its module."""
