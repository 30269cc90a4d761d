"""What are the arrays called that all rooms hand on?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]  # counts, classes and places
Rows = NDArray[np.int64]  # row numbers of the user's data
Keys = NDArray[np.uint64]  # one a row, by what it holds
Reals = NDArray[np.float64]
Floats = NDArray[np.float32] | NDArray[np.float64]  # vectors and scores, as they were given
Names = NDArray[np.str_]
