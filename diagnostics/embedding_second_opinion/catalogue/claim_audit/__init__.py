"""Which convention gives the number that was claimed?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="claim_audit",
    title="Where the claimed number comes from",
    question=__doc__,
    kind="cause",
    explains="B",
    needs="--claimed SHARE, the number that was believed",
    because="two right answers in a hundred that were claimed and are not there is what a user would notice",
    source=(
        "How conventions of evaluation move numbers: Musgrave et al., ECCV 2020; Fehervari et al., "
        "arXiv:1911.12528. Sampled metrics: Krichene & Rendle, KDD 2020. Reproducing a number from its "
        "rounding: Brown & Heathers, Social Psychological and Personality Science 2017 (GRIM)."
    ),
)
