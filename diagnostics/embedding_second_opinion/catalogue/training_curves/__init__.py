"""Does the training log show a run that learned what it should?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="training_curves",
    title="Training curves",
    question=__doc__,
    kind="in training",
    place=22,
    needs="--log FILE, the training log",
    because="a quarter of the time for a loss that no longer speaks of the accuracy is noticed",
    source=(
        "Collapse at the margin and at ln 2, the active share: Hermans, Beyer & Leibe, arXiv 2017; "
        "Schroff et al., CVPR 2015. Contrastive loss: Hadsell, Chopra & LeCun, CVPR 2006. When to stop: "
        "Prechelt, Neural Networks 1998. Fit: isotonic regression (Robertson, Wright & Dykstra 1988); "
        "interval: dependent wild bootstrap (Shao, JASA 2010); trends: Mann, Econometrica 1945, Sen, JASA "
        "1968."
    ),
)
