"""`python -m pgig pckh`, `reid` and `apr`: scores that need files of other programs and have no protocol."""

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
    parser.add_argument("--multi", metavar="FILE.npz", help="more pictures of the queries: their means are the queries")
    parser.add_argument("--metric", default="cosine", choices=("cosine", "euclidean"), help="distance of features")
    flags = parser.parse_args(argv)

    from pgig.metrics.reid import DEFINITIONS, rank_features, reid_scores
    from pgig.metrics.reid_features import multi_query_features, parse_names, read_features

    (query_names, query), (gallery_names, gallery) = read_features(flags.query), read_features(flags.gallery)
    wanted = parse_names(query_names)
    if flags.multi:
        names, features = read_features(flags.multi)
        query = multi_query_features(wanted, features, parse_names(names))
    ranking = rank_features(query, gallery, wanted, parse_names(gallery_names), flags.metric)
    print(f"{len(query)} queries, {len(gallery)} gallery pictures, {flags.metric} distance")
    for definition in DEFINITIONS:
        scores = reid_scores(ranking, definition)
        print(f"{definition:10}" + "  ".join(f"{name} = {value:.4f}" for name, value in scores.items()))


def apr(argv=None):
    """aPR of generated Market-1501 pictures: how well a network recognises persons and their attributes."""
    parser = CommandParser(prog="python -m pgig apr", description=apr.__doc__)
    parser.add_argument("--generated", required=True, metavar="DIR", help="folder of generated pictures")
    parser.add_argument("--reference", metavar="DIR", help="folder of the targets, if the layout has none")
    parser.add_argument("--weights", required=True, metavar="FILE.pth", help="net_test_ARP.pth or one's own")
    parser.add_argument("--attributes", required=True, metavar="FILE.mat", help="market_attribute.mat")
    parser.add_argument("--identities", required=True, metavar="FILE.json", help="the persons' numbers")
    flags = parser.parse_args(argv)

    import numpy as np

    from pgig.layouts.listing import list_pairs
    from pgig.metrics import apr as metric
    from pgig.pretrained.resnet50_attributes import AttributeNetwork
    from pgig.utils.progress import progress_bar

    pairs = list_pairs(flags.generated, reference=flags.reference)
    identities, attributes = metric.read_identities(flags.identities), metric.read_attributes(flags.attributes)
    labels = metric.labels_of([target for _, target in pairs.names], identities, attributes)
    network = AttributeNetwork(flags.weights, metric.ATTRIBUTES)
    rows = []
    for start in progress_bar(range(0, len(pairs), network.batch_size), "Recognising", "batch"):
        numbers = range(start, min(start + network.batch_size, len(pairs)))
        rows.append(network(np.stack([pairs.read(number).generated for number in numbers])))
    scores = metric.apr(metric.apr_losses(*network.split(np.concatenate(rows)), *labels))
    print(f"aPR = {scores['apr']:.4f} (as the original prints it), mean loss = {scores['mean_loss']:.4f}")
