"""Which fix helps, by how much on rows it never saw, and at what cost?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="remedies",
    title="Remedies, measured",
    question=__doc__,
    kind="remedy",
    needs="embeddings, and classes of several rows",
    vectors="distances alone cannot be changed",
    answers=True,
    because="two more right answers in a hundred are worth a change behind the model",
    source=(
        "Whitening within classes: Shental et al., ECCV 2002; its shrinkage: Ledoit & Wolf 2004. Editing: "
        "Wilson 1972. CSLS: Conneau et al., ICLR 2018. One standard error: Breiman et al. 1984. "
        "Discriminant analysis: Fisher 1936."
    ),
)
