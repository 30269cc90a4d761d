"""Would another distance on the same vectors answer better?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="metric_choice",
    title="Choice of the metric",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings",
    vectors="from distances alone no other distance can be made",
    answers=True,
    because="two more right answers in a hundred, for a line of code, are worth a change of metric",
    source=(
        "Centring: Mu & Viswanath, ICLR 2018. Whitening: Jégou & Chum, ECCV 2012; its shrinkage: Ledoit & "
        "Wolf, Journal of Multivariate Analysis 2004. When cosine means little: Steck, Ekanadham & Kallus, "
        "WWW 2024."
    ),
)
