from pgig.compare.published import rows


def test_the_page(runs, page):
    text, reasons = page(runs, rows("pose-gan", "market"), title="Near & far", examples=2)
    assert reasons == [] and "<title>Near &amp; far</title>" in text
    assert text.count("<strong>") == 4 and "Baselines of near" in text and "Published" in text
    assert "Better than near?" in text and "undecided" in text and "0.253 Q" in text
    for kind in ("Best", "Median", "Worst"):
        assert f"<h2>{kind} pairs by SSIM, mean of the runs</h2>" in text
    # Source, target and both runs of six pairs; three plots of intervals and one of curves.
    assert text.count("data:image/png") == 6 * 4 and text.count("<svg") == 4
    assert page(runs, rows("pose-gan", "market"), title="Near & far", examples=2)[0] == text


def test_names_cannot_change_the_page(make, page):
    run = make("<script>alert(1)</script>", notes=["<b>bold</b>"], checkpoint="<i>.h5", draw=False)
    text, _ = page([run, make("b")], examples=0)
    assert "<script" not in text and "<b>" not in text and "<i>" not in text


def test_a_page_without_any_metric_over_pairs(make, page):
    run = make("a")
    described = {key: run.result["metrics"][key] for key in ("inception_score", "fid")}
    text, _ = page([make("a", metrics=described), make("b", metrics=described)])
    assert "<svg" not in text and "Better than" not in text and "± 0.2500".replace(" ", "\u00a0") in text
