"""Are gallery and queries of the same classes drawn alike, and if not, does it cost accuracy?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="shift",
    title="Shift between gallery and queries",
    question=__doc__,
    kind="cause",
    explains="GN",
    needs="a split or a gallery",
    because="two queries in a hundred lost to how they were recorded is what a user notices",
    source=(
        "Classifier two-sample test: Lopez-Paz & Oquab, ICLR 2017. Shrinkage: Ledoit & Wolf, Journal of "
        "Multivariate Analysis 2004. Shift and its harm: Rabanser, Günnemann & Lipton, NeurIPS 2019."
    ),
)
