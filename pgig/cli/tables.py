"""`python -m pgig pckh`, `reid` and `apr`: scores that need files of other programs and have no protocol."""

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError
from pgig.utils.words import counted


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
    parser.add_argument(
        "--metric", choices=("cosine", "euclidean"), help="distance of features (default: cosine; --fuse: euclidean)"
    )
    parser.add_argument(
        "--fuse", choices=("avg", "max", "concat"),
        help="the files hold features of <name>_to_<k>.png: normalise them and draw those of a picture together",
    )  # fmt: skip
    parser.add_argument(
        "--original", nargs=2, metavar=("QUERY.npz", "GALLERY.npz"),
        help="with --fuse: features of the pictures themselves, fused with those of their poses",
    )  # fmt: skip
    parser.add_argument(
        "--viper", action="store_true", help="names as in VIPeR (001_45, c1_001_45), CMC with one picture a person"
    )
    flags = parser.parse_args(argv)
    if flags.original and not flags.fuse:
        raise OptionsError("--original has an effect with --fuse alone: add --fuse max, or leave it out.")
    if flags.viper and flags.multi:
        raise OptionsError("--multi belongs to Market-1501's protocol: leave it out, or leave out --viper.")
    metric = flags.metric or ("euclidean" if flags.fuse else "cosine")

    from pgig.metrics.fusion import require_same_poses

    *query, poses = _read(flags.query, flags.fuse, flags.original and flags.original[0])
    *gallery, others = _read(flags.gallery, flags.fuse, flags.original and flags.original[1])
    require_same_poses(poses, others)
    counts = counted(len(query[0]), "query", "queries"), counted(len(gallery[0]), "gallery picture")
    print(f"{', '.join(counts)}, {metric} distance")
    if flags.viper:
        _print_viper(query, gallery, metric)
    else:
        multi = None
        if flags.multi:
            *multi, others = _read(flags.multi, flags.fuse)
            require_same_poses(poses, others)
        _print_market(query, gallery, multi, metric)


def _read(path, how, original=None):
    """(names, features (N, D), poses) of a file, those of a picture fused if a way is given; else there are none."""
    from pgig.metrics.fusion import fuse, group_poses, with_original
    from pgig.metrics.reid_features import normalise, read_features

    names, features = read_features(path)
    if how is None:
        return names, features, []
    names, features, poses = group_poses(names, features, path)
    features = with_original(names, features, *read_features(original)) if original else normalise(features)
    print(f"{path}: {counted(len(names), 'picture')}, {features.shape[1]} features each, fused by {how}")
    return names, fuse(features, how), poses


def _print_market(query, gallery, multi, metric):
    from pgig.metrics.reid import DEFINITIONS, rank_features, reid_scores
    from pgig.metrics.reid_features import multi_query_features, parse_names

    wanted, features = parse_names(query[0]), query[1]
    if multi:
        features = multi_query_features(wanted, multi[1], parse_names(multi[0]))
    ranking = rank_features(features, gallery[1], wanted, parse_names(gallery[0]), metric)
    for definition in DEFINITIONS:
        scores = reid_scores(ranking, definition)
        print(f"{definition:10}" + "  ".join(f"{name} = {value:.4f}" for name, value in scores.items()))


def _print_viper(query, gallery, metric):
    from pgig.metrics.fusion import squared_distances
    from pgig.metrics.reid import one_per_person_cmc
    from pgig.metrics.reid_features import checked_features, normalise, parse_viper_names

    people = [parse_viper_names(names) for names, _ in (query, gallery)]
    rows = [
        checked_features(features, (labels,), name)
        for (_, features), labels, name in zip((query, gallery), people, ("query", "gallery"), strict=True)
    ]
    if metric == "cosine":
        rows = [normalise(features) for features in rows]
    scores = one_per_person_cmc(squared_distances(rows[1], rows[0]).T, *people)
    print("VIPeR     " + "  ".join(f"{name} = {value:.4f}" for name, value in scores.items()))


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
