"""How many labels are wrong, and which?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="label_noise",
    title="Wrong labels",
    question=__doc__,
    kind="cause",
    explains="N",
    needs="embeddings (or distances), and classes of several rows",
    answers=True,
    because="two in a hundred is what a user notices, and models that differ by less cannot be told apart",
    source=(
        "Labels that neighbours doubt: Wilson, IEEE Trans. SMC 1972; Brodley & Friedl, JAIR 1999. Confident "
        "learning: Northcutt, Jiang & Chuang, JAIR 2021. A share corrected by how much of it is found: Rogan "
        "& Gladen, Am. J. Epidemiology 1978. Few classes hit: Garwood, Biometrika 1936."
    ),
)
