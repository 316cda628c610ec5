"""`python -m pgig repose`: its flags. Nothing heavy is imported before they are parsed."""

import sys

from pgig.errors import OptionsError

_PROGRAM = "python -m pgig repose"


def repose(argv=None):
    """Show the person of a photo in another pose: a picture, a batch of them, or a film."""
    from pgig.estimate.boxes import parse_box
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser(_PROGRAM, repose.__doc__, "PHOTO --pose POSE -o OUT.png")
    parser.epilog = (
        "PHOTO may be a folder. Without --generator_checkpoint, the small generator of the project is used. Exit code: "
        "0; 1 when photos or poses of a batch were left out; 2 when nothing was made."
    )
    add = parser.add_argument
    add("--pose", help="a photo, a keypoint file (OpenPose or COCO .json, .npy, TABLE.csv:PICTURE), the name of a pose "
        "(`pgig draw` shows them), a folder of these; with --video, a video or a folder of frames")  # fmt: skip
    add("-o", "--output", metavar="OUT", help=".png or .jpg; for folders, and for the frames of a film, a folder")
    add("--video", metavar="FILE", help=".gif or .mp4 (extra `video`): a film, driven by --pose")
    add("--fps", type=float, help="its frames a second (default: those of the driving video, else 12)")
    add("--box", metavar="Y0,X0,Y1,X1", help="where the person is in the photo, in pixels")
    add("--person", type=int, default=1, metavar="N", help="which person of the photo, the largest being 1")
    add("--keypoints", metavar="FILE", help="joints of the photo's person, instead of estimating; also an annotation "
        "table with a row for each photo")  # fmt: skip
    add("--paste", action="store_true", help="put the result back into the photo, with soft edges")
    add("--no_sheet", action="store_true", help="no overview beside the result; a film shows the result alone")
    add("--resume", action="store_true", help="keep the pictures of a batch that are there already")
    add("--estimator", default="auto", choices=("auto", "movenet", "openpose"), help="finds the joints; auto: MoveNet "
        "if it is there, else OpenPose (its file: --pose_estimator)")  # fmt: skip
    own, options = parse_with(parser, argv)
    if len(own.words) != 1 or not own.pose:
        raise OptionsError(f"Give a photo and a pose: {_PROGRAM} PHOTO --pose POSE -o OUT.png.")
    if own.keypoints and (own.box or own.person != 1):
        raise OptionsError("--keypoints says where the person is: leave --box and --person out.")
    if own.box and own.person != 1:
        raise OptionsError("--box says which person is meant: leave --person out.")

    from pgig.repose.run import Request, run
    from pgig.repose.subjects import Finder

    request = Request(
        *own.words,
        own.pose,
        own.output,
        own.video,
        parse_box(own.box),
        own.person,
        own.keypoints,
        own.paste,
        not own.no_sheet,
        own.resume,
        own.fps,
    )
    weights = options.shared.pose_estimator if "pose_estimator" in options.given else None
    sys.exit(1 if run(options, request, Finder(own.estimator, weights)) else 0)
