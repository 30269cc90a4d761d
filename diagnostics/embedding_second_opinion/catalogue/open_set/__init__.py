"""Does the model turn away who is not enrolled?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="open_set",
    title="Strangers",
    question=__doc__,
    kind="in use",
    place=13,
    explains="O",
    needs="embeddings and labels; --strangers NAME for true strangers, else known classes play them",
    answers=True,
    because="one stranger in ten let in is what a door that is meant to be shut may cost",
    source=(
        "Open set: Scheirer et al., IEEE PAMI 2013. OSCR: Dhamija, Günther & Boult, NeurIPS 2018. FPIR, "
        "FNIR and DIR against gallery size: Grother & Phillips, CVPR 2004; ISO/IEC 19795-1. Conformal "
        "threshold: Vovk, Gammerman & Shafer 2005. Intervals: Clopper & Pearson, Biometrika 1934; "
        "Woodruff, JASA 1952; Cameron, Gelbach & Miller, J. Bus. Econ. Stat. 2011."
    ),
)
