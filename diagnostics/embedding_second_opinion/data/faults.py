"""What is said where the user's input cannot be judged?"""

from __future__ import annotations


class InputError(ValueError):
    """A fault in what the user gave: one sentence with what, where, how many and the way out.

    text: the sentence, with options as the command has them (``--gallery-split``). said: what is shown
    instead where they are called otherwise; see ``Request``. A ValueError.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> try:
    ...     so.EmbeddingSet.from_arrays([[0.0, 1.0], [float("nan"), 1.0]], ["a", "b"])
    ... except so.InputError as error:
    ...     print(str(error).partition(";")[0])
    vectors must be finite
    """

    def __init__(self, text: str, said: str = "") -> None:
        super().__init__(said or text)
        self.text = text
