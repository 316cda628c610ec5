import pytest

from pgig.compare import published
from pgig.compare.published import DATASETS, STATUSES, TABLES, rows
from pgig.evaluate.protocols import PROTOCOLS

BESIDE = {
    (protocol, dataset, size)
    for table in TABLES.values()
    for dataset, protocols in table.beside.items()
    for protocol, size in protocols.items()
}
METRICS = {
    "ssim",
    "masked_ssim",
    "inception_score",
    "masked_inception_score",
    "detection_score",
    "pckh",
    "fid",
    "lpips",
    "masked_lpips",
    "psnr",
}


def value(protocol, dataset, method, key, size=None):
    (row,) = [row for row in rows(protocol, dataset, size) if row.method.startswith(method)]
    figure = row.figures[key]
    return figure.text, figure.status


@pytest.mark.parametrize(
    ("where", "method", "key", "expected"),
    [
        (("pose-gan", "market"), "Def-GAN (", "ssim", ("0.290", "R")),
        (("pose-gan", "market"), "Def-GAN (", "detection_score", ("0.72", "Q")),
        (("pose-gan", "fasion"), "Def-GAN (", "ssim", ("0.756", "R")),
        (("patn-fashion", "fasion"), "Def-GAN (", "detection_score", ("0.96", "Q")),
        (("patn-market", "market"), "PG2", "masked_inception_score", ("3.435", "Q")),
        (("pg2", "market"), "PG2", "masked_ssim", ("0.792", "Q")),
        (("dpig", "market"), "DPIG", "ssim", ("0.099", "R")),
        (("dpig", "fasion"), "DPIG", "inception_score", ("3.228", "R")),
        (("patn-market", "market"), "SPT", "masked_ssim", ("0.758", "S")),
        (("patn-market", "market"), "Real data", "inception_score", ("3.890", "R")),
        (("patn-fashion", "fasion"), "PATN (", "pckh", ("0.96", "R")),
        (("patn-fashion", "fasion"), "Def-GAN, measured", "detection_score", ("0.967", "Q")),
        (("gfla", "fasion"), "GFLA (", "fid", ("10.573", "R")),
        (("gfla", "fasion"), "VUNet", "lpips", ("0.2637", "Q")),
        (("gfla", "market"), "Intr-Flow", "masked_lpips", ("0.1403", "Q")),
        (("gfla", "market"), "PATN", "fid", ("22.657", "R")),
        (("cfld", "market"), "IMAGPose", "lpips", ("0.2104", "R")),
        (("pidm", "fasion"), "PIDM", "fid", ("6.3671", "R")),
        (("cfld", "fasion", (256, 176)), "CFLD", "lpips", ("0.1519", "R")),
        (("cfld", "fasion", (512, 352)), "MCLD", "psnr", ("18.211", "S")),
    ],
)
def test_figures(where, method, key, expected):
    assert value(where[0], where[1], method, key, *where[2:]) == expected


def test_every_figure_has_a_number_a_status_and_a_source():
    lines = published._lines()
    assert {line["table"] for line in lines} == set(TABLES)
    for line in lines:
        assert line["status"] in STATUSES and line["source"].strip() and line["method"].strip()
        figures = {key: line[key] for key in METRICS if line[key]}
        assert figures and all(float(text) > 0 for text in figures.values())
        assert set(line) == METRICS | {"table", "dataset", "method", "status", "source"}
        assert line["dataset"] in TABLES[line["table"]].beside


def test_every_line_is_printed_beside_some_protocol_of_ours():
    for line in published._lines():
        for protocol, size in TABLES[line["table"]].beside[line["dataset"]].items():
            (row,) = [row for row in rows(protocol, line["dataset"], size) if row.method == line["method"]]
            for key in METRICS:
                assert not line[key] or row.figures[key].text == line[key]
    assert {protocol for protocol, _, _ in BESIDE} <= set(PROTOCOLS)


@pytest.mark.parametrize(("protocol", "dataset", "size"), sorted(BESIDE, key=str))
def test_beside_a_protocol_stand_only_metrics_that_it_has(protocol, dataset, size):
    found = rows(protocol, dataset, size)
    assert found and all(row.figures and row.note for row in found)
    assert {figure for row in found for figure in row.figures} & {
        metric.key for metric in PROTOCOLS[protocol].metrics
    }


@pytest.mark.parametrize("dataset", ["demo", "prw", "fasion128", "mine", None])
def test_nothing_beside_the_demo_or_own_data(dataset):
    assert not any(rows(protocol, dataset) for protocol in PROTOCOLS)


def test_nothing_beside_a_protocol_under_which_nobody_published():
    for protocol in ("standard", "offline", "mine"):
        assert not any(rows(protocol, dataset) for dataset in DATASETS)


def test_padded_pictures_are_not_beside_those_that_are_not():
    assert {row.method for row in rows("pose-gan", "fasion")} == {"Def-GAN (CVPR 2018)"}


def test_figures_of_one_size_need_the_size():
    assert rows("cfld", "fasion") == [] == rows("cfld", "fasion", (256, 256))
    small, large = (rows("cfld", "fasion", size) for size in ((256, 176), (512, 352)))
    assert small != large and small and large
