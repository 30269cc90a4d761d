"""Do some classes lie so near each other that they are taken for one another?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="cluster_proximity",
    title="Cluster proximity",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings and labels",
    vectors="distances alone do not tell where a class lies",
    answers=True,
    because="two wrong answers in a hundred is what a user notices",
    source=(
        "False discovery rate: Benjamini & Hochberg, J. R. Stat. Soc. B 1995. d': Green & Swets, 1966; "
        "1-NN against the best cut: Cover & Hart, IEEE Trans. IT 1967. Class-distance normalised "
        "variance: Galanti et al., ICLR 2022. Silhouette: Rousseeuw, J. Comput. Appl. Math. 1987. "
        "Davies-Bouldin: IEEE PAMI 1979."
    ),
)
