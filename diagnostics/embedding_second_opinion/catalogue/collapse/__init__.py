"""Has the embedding collapsed: to a point, to few dimensions, or each class to its mean, at a cost?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="collapse",
    title="Collapse",
    question=(
        "Has the embedding collapsed: to a point, to few dimensions, or each class to its mean, and does "
        "that cost accuracy?"
    ),
    kind="cause",
    explains="N",
    needs="embeddings",
    vectors="from distances alone no direction or dimension can be seen",
    answers=True,
    because="two wrong answers in a hundred are what a user notices",
    source=(
        "Dimensional collapse: Jing et al., ICLR 2022. Effective rank: RankMe, Garrido et al., ICML 2023. "
        "Spectrum exponent: alpha-ReQ, Agrawal et al., NeurIPS 2022. Neural collapse: Papyan, Han & "
        "Donoho, PNAS 2020. Intrinsic dimension: TwoNN, Facco et al., Scientific Reports 2017. Error of "
        "grouped deletion: Busing, Meijer & van der Leeden, Statistics and Computing 1999."
    ),
)
