"""How many triplets still teach, and would the errors be among them?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="triplet_census",
    title="Triplet census: what still teaches",
    question=__doc__,
    kind="in training",
    place=20,
    needs="embeddings (or distances) and labels; --margin NUMBER, that of the loss",
    answers=True,
    because="two wrong answers in a hundred are what a mining scheme is changed for",
    source=(
        "Easy, semi-hard and hard triplets: Schroff et al., CVPR 2015 (FaceNet). Batch-hard: Hermans et "
        "al., arXiv 1703.07737 (2017). Which negatives are worth drawing: Wu et al., ICCV 2017."
    ),
)
