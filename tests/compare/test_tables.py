from pgig.compare.compare import compare
from pgig.compare.published import rows
from pgig.compare.tables import short, terminal_table


def test_the_terminal_table(runs):
    found = compare(runs, samples=100)
    wide = terminal_table(found, rows("pose-gan", "market"), width=200)
    heading, first, ends, *others = wide.splitlines()
    assert heading.split() == ["SSIM", "↑", "L1", "↓", "PCKh", "↑", "LPIPS", "↓", "IS", "↑", "FID", "↓"]
    ssim, l1 = found.scores[0]["ssim"], found.scores[0]["l1"]
    assert first.split()[:3] == ["near", f"{ssim.value:.4f}*", f"{l1.value:.4f}*"]
    assert ends.split()[0] == f"{ssim.low:.4f}..{ssim.high:.4f}" and "±0.2500" in ends
    assert "(source copied)" in wide and "[PG2 (NIPS 2017; own pairs)]" in wide and "0.253Q" in wide
    assert "far - near:" in wide and "worse" in wide and "undecided" in wide
    narrow = terminal_table(found, width=60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert (
        all(narrow.count(title) == 1 for title in ("PCKh ↑", "LPIPS ↓", "IS ↑", "FID ↓")) and "\n\n" in narrow
    )
    assert [short(value) for value in (-0.5, 12.3456, 1234.5, None)] == ["-0.5000", "12.346", "1234.50", "–"]
