"""Keypoints from pictures: the estimator network and the decoding of its maps."""
