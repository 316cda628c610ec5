"""`python -m pgig evaluate`: its flags. Nothing heavy is imported before they are parsed."""

import argparse

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError

_LAYOUTS = ("auto", "triptych", "strip", "strip3", "strip6", "single", "pg2", "pairs")

_EXPLAINED = """\
layouts of --generated:
  triptych  <from>_<to>.png, source | target | generated          (pgig, pose-gan)
  strip     <from>___<to>_vis.jpg, five panels, the last generated (PATN, Human-Pose-Transfer)
  strip3    the same names, source | target | generated            (Human-Pose-Transfer with mobile PG2; never guessed)
  strip6    the same names, six panels, generated | target last    (there with -v; never guessed)
  single    <from>_2_<to>_vis.jpg, target in --reference           (GFLA, DPTN, PIDM)
  pg2       folders x_target, G or G1, G2, and mask_target or mask (PG2, DPIG)
  pairs     NAME.png, target of the same name in --reference; or --pairs FILE.csv with the columns
            from,to,generated or real_target,generated
With other layouts, --pairs FILE.csv with the columns from,to chooses and orders the pairs: give the published list.

protocols: pose-gan, patn-market, patn-fashion, pg2, dpig, gfla, dptn, pidm, cfld: what the published programs
  compute; standard: the original definition of each metric; offline: all whose weights package registries ship.
  `python -m pgig weights` says which weight files they need and how to get them.
"""


def evaluate(argv=None):
    """Score a folder of generated pictures, ours or anybody's, by a named protocol."""
    parser = CommandParser(
        prog="python -m pgig evaluate",
        description="Score a folder of generated pictures by a named protocol.",
        epilog=_EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--generated", required=True, metavar="DIR", help="folder of the generated pictures")
    add("--protocol", default="standard", metavar="NAME", help="protocol of the scores (default: standard)")
    add("--layout", default="auto", choices=_LAYOUTS, help="how the pictures lie in the folder (default: auto)")
    add("--reference", metavar="DIR", help="folder of the real target pictures, where the layout has none")
    add("--pairs", metavar="FILE.csv", help="pairs, in their order: see below")
    add("--annotations", metavar="FILE.csv", help="joints of the target pictures, for masks and PCKh")
    add("--masks", metavar="DIR", help="mask pictures of the targets, by name")
    add("--real", metavar="DIR", help="training pictures, which FID compares with")
    add("--dataset", metavar="NAME", help="data set in data/: gives --annotations and --real where they are there")
    add("--method", metavar="NAME", help="label of the method (default: name of the folder)")
    add("--output", metavar="DIR", help="folder of the results (default: output/evaluation/METHOD)")
    add("--limit", type=int, default=0, help="score only the first N pairs; 0: all")
    add("--batch_size", type=int, default=16, help="pairs scored at a time; no score depends on it (default: 16)")
    add("--feature_cache", default="output/features", metavar="DIR", help="where features are kept; '': nowhere")
    add("--inception_weights", metavar="FILE", help="classify_image_graph_def.pb (else as `pgig weights` says)")
    add("--pose_estimator", metavar="FILE", help="pose_estimator.h5 for PCKh (else as `pgig weights` says)")
    flags = parser.parse_args(argv)
    if flags.limit < 0 or flags.batch_size < 1:
        raise OptionsError("--limit must be 0 or more and --batch_size 1 or more.")

    from pgig.evaluate.folder import Request, run

    run(Request(**vars(flags)))
