"""How much of the number does one get without the model?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="controls",
    title="Controls: the number without the model",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings; --controls FILE, other vectors of the same rows (raw input, untrained network)",
    vectors="distances alone have nothing to stand beside",
    because=(
        "two right answers in a hundred is what a user would notice, and the least one asks of a model; "
        "where all of that lead is missing, the model is no better than no model"
    ),
    source=(
        "Controls for what a representation adds: Hewitt & Liang, EMNLP 2019; Saxe et al., ICML 2011 "
        "(random weights). Random projection: Johnson & Lindenstrauss 1984; Bingham & Mannila, KDD 2001. "
        "Permuted labels: Ojala & Garriga, JMLR 2010."
    ),
)
