"""Retrieve passages, compose cited answers, verify every quote: the core that knows no HTTP and no file format."""
