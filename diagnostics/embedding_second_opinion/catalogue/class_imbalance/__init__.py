"""Do small classes, or one group, fare worse than the average tells?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="class_imbalance",
    title="Class and group imbalance",
    question=__doc__,
    kind="cause",
    explains="NW",
    needs="classes of different sizes, or groups",
    answers=True,
    because=(
        "two wrong answers in a hundred more than the average tells is what a user of a small class, or "
        "of one group, notices"
    ),
    source=(
        "Effective number of samples: Cui et al., CVPR 2019. Minority collapse: Fang et al., PNAS 2021. "
        "Equal enrolment: the accuracy surface (Grother & Phillips, CVPR 2004). Worst group: Sagawa et "
        "al., ICLR 2020."
    ),
)
