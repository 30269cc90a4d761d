"""What is asked of a model or a metric that still runs? Its embeddings, and whether the metric is right."""
