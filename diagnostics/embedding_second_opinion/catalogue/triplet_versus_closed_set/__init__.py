"""Does the number that was believed tell how often the model is right among all classes?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="triplet_versus_closed_set",
    title="Triplet accuracy against closed-set classification",
    question=__doc__,
    kind="in use",
    place=10,
    states_gap=True,
    needs="embeddings (or distances) and labels",
    answers=True,
    because="two wrong answers in a hundred more than believed is what a user notices",
    source=(
        "Accuracy surface: Grother & Phillips, CVPR 2004; DeCann & Ross, 2012; Zheng, Achanta & "
        "Benjamini, JMLR 2018. Why metric-learning numbers mislead: Musgrave et al., ECCV 2020."
    ),
)
