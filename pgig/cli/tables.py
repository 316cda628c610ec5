"""`python -m pgig pckh` and `python -m pgig reid`: scores of tables that other programs made."""

from pgig.cli.parser import CommandParser


def pckh(argv=None):
    """PCKh of keypoint tables: the annotation against what an estimator found in generated pictures."""
    parser = CommandParser(prog="python -m pgig pckh", description=pckh.__doc__)
    parser.add_argument("target", metavar="TARGET.csv", help="annotation table of the real target pictures")
    parser.add_argument("predicted", metavar="PREDICTED.csv", help="table of <from>___<to>_vis.jpg, in the same format")
    flags = parser.parse_args(argv)

    from pgig.metrics.pckh import pckh_of_files

    score = pckh_of_files(flags.target, flags.predicted)
    print(f"PCKh = {score['value']:.4f} ({score['correct']} of {score['total']} joints)")


def reid(argv=None):
    """Rank-1, rank-5, rank-10 and mAP of re-identification features, in both definitions of mAP."""
    parser = CommandParser(prog="python -m pgig reid", description=reid.__doc__)
    described = ".npz with `names` (N,) as in Market-1501 and `features` (N, D)"
    parser.add_argument("query", metavar="QUERY.npz", help=described)
    parser.add_argument("gallery", metavar="GALLERY.npz", help=described)
    parser.add_argument("--metric", default="cosine", choices=("cosine", "euclidean"), help="distance of features")
    flags = parser.parse_args(argv)

    from pgig.metrics.reid import DEFINITIONS, rank_features, reid_scores
    from pgig.metrics.reid_features import parse_names, read_features

    (query_names, query), (gallery_names, gallery) = read_features(flags.query), read_features(flags.gallery)
    ranking = rank_features(query, gallery, parse_names(query_names), parse_names(gallery_names), flags.metric)
    print(f"{len(query)} queries, {len(gallery)} gallery pictures, {flags.metric} distance")
    for definition in DEFINITIONS:
        scores = reid_scores(ranking, definition)
        print(f"{definition:10}" + "  ".join(f"{name} = {value:.4f}" for name, value in scores.items()))
