"""Are the triplets that the model was trained on what they should be?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="mining_audit",
    title="Mining audit",
    question=__doc__,
    kind="in training",
    place=21,
    needs="--triplets FILE, the triplets that were trained on",
    because="a wrong triplet undoes a right one, and labels of most sets are wrong that often",
    source=(
        "Semi-hard negatives: Schroff, Kalenichenko & Philbin, CVPR 2015. Batch-hard and batch-all: Hermans, "
        "Beyer & Leibe, arXiv:1703.07737, 2017. Sampling by distance: Wu et al., ICCV 2017. Easy positives: "
        "Xuan, Stylianou & Pless, WACV 2020. Rank test: Wilcoxon, Biometrics Bulletin 1945."
    ),
)
