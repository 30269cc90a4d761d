"""t-SNE and UMAP of a sample, and what they keep of the space."""
