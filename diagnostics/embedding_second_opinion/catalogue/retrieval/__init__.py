"""What does a page of ten answers hold, and how often nothing of the query's class?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="retrieval",
    title="Retrieval",
    question=__doc__,
    kind="in use",
    place=11,
    needs="embeddings (or distances) and labels; --approximate looks up by an approximate index too",
    answers=True,
    because="two empty pages in a hundred searches make a person search by other means",
    source=(
        "R-precision, MAP@R and precision@1 in metric learning: Musgrave et al., ECCV 2020. Recall as hit "
        "rate: Jégou et al., IEEE PAMI 2011. Cumulative match: Phillips et al., IEEE PAMI 2000. "
        "Approximate index: Dong, Moses & Li, WWW 2011."
    ),
)
