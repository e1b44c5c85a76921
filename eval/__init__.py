"""Measure answers and rankings against the source text."""
