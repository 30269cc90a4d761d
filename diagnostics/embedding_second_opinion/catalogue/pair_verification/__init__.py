"""What does one threshold on the distance of two samples decide?"""

from embedding_second_opinion.findings.check import Check

CHECK = Check(
    code="pair_verification",
    title="Pair verification",
    question=__doc__,
    kind="in use",
    place=12,
    needs="embeddings (or distances) and labels; --pairs FILE for pairs of your own",
    because="two more wrong decisions in a hundred than the model could make is what a user notices",
    source=(
        "Ten folds, threshold fitted on nine: Huang et al., Labeled Faces in the Wild, 2007. ROC: "
        "Fawcett, Pattern Recognition Letters 2006. Rule of three: Hanley & Lippman-Hand, JAMA 1983. Pairs "
        "that share a class: Aronow, Samii & Assenova, Political Analysis 2015."
    ),
)
