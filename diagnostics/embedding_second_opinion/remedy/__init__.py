"""Fixes that stand behind a model: scikit-learn estimators, their cost, and how they are kept."""
