"""PATN and GFLA as a user of PyTorch would write them: channels first, eager, nothing but `torch`.

They are what `benchmarks/against_torch.py` measures against, and a second opinion on the golden arrays
(tests/test_plain_torch.py). The package never imports them.
"""
