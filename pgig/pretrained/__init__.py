"""Networks that others trained, read from their files without running code of these: only the way forward."""
