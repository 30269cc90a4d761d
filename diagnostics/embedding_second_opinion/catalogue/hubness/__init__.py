"""Do a few points crowd everyone's neighbours, and does it cost answers?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="hubness",
    title="Hubness",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings, and more than 20 rows enrolled",
    vectors="from distances alone no cloud of the same shape can be drawn",
    answers=True,
    because="two more right answers in a hundred, without training anew, are noticed",
    source=(
        "Hubs and their skewness: Radovanović et al., JMLR 2010. The correction (CSLS): Lample et al., ICLR "
        "2018. Hubs by their size, Robin Hood index, and whether to correct: Feldbauer & Flexer, KAIS 2019; "
        "Schnitzer et al., JMLR 2012. Centring: Suzuki et al., EMNLP 2013."
    ),
)
