"""What are the self-tests of a metric called?"""

from __future__ import annotations

NEAREST = "every_positive_nearest"
FARTHEST = "every_positive_farthest"
RANDOM = "random_labels"
AT_K = "every_positive_in_place_k"
BEYOND_K = "every_positive_just_beyond_k"
EQUAL = "all_vectors_equal"
OWN_COPIES = "copies_in_own_class"
OTHER_COPIES = "copies_in_other_classes"
LONE = "classes_of_one_row"
MANY = "many_rows"
ORDER = "rows_sorted_by_class"
NAMES = "classes_renamed"
SCALE = "vectors_seven_times_as_long"
