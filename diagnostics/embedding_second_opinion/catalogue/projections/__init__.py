"""Can the picture be believed: do t-SNE and UMAP show what is near in the space?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="projections",
    title="Maps: t-SNE and UMAP",
    question=__doc__,
    kind="cause",
    place=50,
    needs="embeddings; --map-points N above 0",
    because="one point in ten in the wrong company is what a reader of clusters would be misled by",
    source=(
        "Trustworthiness and continuity: Venna & Kaski, ICANN 2001. R_NX: Lee, Peluffo-Ordóñez & "
        "Verleysen, Neurocomputing 2015. t-SNE: van der Maaten & Hinton, JMLR 2008. UMAP: McInnes, Healy "
        "& Melville, 2018. What maps do not mean: Wattenberg, Viégas & Johnson, Distill 2016."
    ),
)
