"""Spectra, concentration and neural collapse, and what they cost."""
