"""Would another rule do better on the same vectors: votes, class means, or a linear probe?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="decision_rule",
    title="Decision rule",
    question=(
        "Would another rule do better on the same vectors, and which is at fault: the geometry, the "
        "information, or classes of several modes?"
    ),
    kind="in use",
    place=14,
    needs="embeddings, or distances for the rules that need no vectors",
    vectors="class means and a probe cannot be made from distances alone",
    answers=True,
    because=(
        "two more right answers in a hundred, from vectors that are already there and without training "
        "anew, are worth a change of rule"
    ),
    source=(
        "Nearest class mean: Tibshirani et al., PNAS 2002; Mensink et al., TPAMI 2013. Linear "
        "discriminants: Fisher, 1936, with the covariance of Ledoit & Wolf, JMVA 2004. A probe needs a "
        "control: Hewitt & Liang, EMNLP 2019. Calibration: Guo et al., ICML 2017; Brier, 1950."
    ),
)
