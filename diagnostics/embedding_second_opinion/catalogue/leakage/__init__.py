"""Is the number too good because queries have copies, or their own session, in the gallery?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="leakage",
    title="Leakage: copies and own groups",
    question=__doc__,
    kind="cause",
    explains="NS",
    needs="a split or a gallery; groups (session, camera, speaker) for what is shared beside copies",
    vectors="from distances alone no copy can be told",
    answers=True,
    because="two right answers in a hundred that new data will not give is what a user would notice",
    source=(
        "Near-duplicates between test and train: Barz & Denzler, Journal of Imaging 2020. Leakage through "
        "groups: Saeb et al., GigaScience 2017; Kapoor & Narayanan, Patterns 2023. Copies among the gallery: "
        "Facco et al., Scientific Reports 2017. As many rows: the accuracy surface (Grother & Phillips, CVPR "
        "2004)."
    ),
)
