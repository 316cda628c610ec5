"""Pose-guided person image generation."""
