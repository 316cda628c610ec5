"""From files on disk to batches of pixels and keypoints. Nothing here knows what the batches are for."""
