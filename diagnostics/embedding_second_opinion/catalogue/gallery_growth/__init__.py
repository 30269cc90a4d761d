"""How much accuracy is lost as more classes are enrolled?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="gallery_growth",
    title="Gallery growth",
    question=__doc__,
    kind="in use",
    place=15,
    needs="embeddings (or distances) of ten classes or more; --expected-classes N, how many there will be",
    answers=True,
    because="two right answers fewer in a hundred are what a user would notice",
    source=(
        "Accuracy among more classes than were measured: Zheng, Achanta & Benjamini, JMLR 2018. Galleries "
        "of growing size: Grother & Phillips, CVPR 2004."
    ),
)
