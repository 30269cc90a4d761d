"""Is the model worse on what it was not trained on?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="generalisation_gap",
    title="Generalisation gap",
    question=__doc__,
    kind="cause",
    explains="CNS",
    parts={"N": "held_out_gap"},
    needs="a split, whose training rows are enrolled and whose queries are others",
    because="two in a hundred more wrong than training rows promise is what a user notices",
    source=(
        "Accuracy at an equal gallery: Grother & Phillips, CVPR 2004; Zheng, Achanta & Benjamini, JMLR 2018. "
        "Classes held out from training: Musgrave et al., ECCV 2020; Xian et al., CVPR 2017."
    ),
)
