"""A folder of anybody's photos becomes a data set: people, joints, crops, splits, pairs, and a page to look at."""
