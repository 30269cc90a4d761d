"""Do the lengths of the vectors carry class or quality that cosine throws away?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="norms",
    title="Lengths of the vectors",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings whose lengths differ, and 20 queries",
    vectors="distances alone do not tell how long a vector is",
    answers=True,
    because="two right answers in a hundred, for a number that is there, are worth it",
    source=(
        "Length as quality: Meng et al. (MagFace), CVPR 2021; Kim et al. (AdaFace), CVPR 2022. What a "
        "softmax does to lengths: Ranjan et al., 2017 (L2-constrained softmax)."
    ),
)
