"""Tests of the way from the claim to the accuracy in use."""
