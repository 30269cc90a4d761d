"""What the diagnostics measure, a room for each; what two share stands a floor below."""
