"""Losses that the methods share: pure functions of tensors; sums and means are float32."""
