"""Published ways to score, by name: a score means nothing without its protocol.

Each protocol names the programs that scored so. Where a paper prints a number without saying how it was made, the
protocol is what its published program does.
"""

from pgig.errors import OptionsError
from pgig.evaluate.measures import (
    BATCH_OF_64,
    DetectionScore,
    Difference,
    Distance,
    Frechet,
    InceptionScore,
    Pckh,
    PoseAccuracy,
    Psnr,
    Ssim,
)
from pgig.evaluate.protocol import Protocol

MARKET, FASHION, FASHION_CUT = (128, 64), (256, 256), (256, 176)

# SHA-256 of the published test pairs: in the order of their files, and sorted by name.
MARKET_PAIRS = (  # 12,000, pose-gan and all since
    "025cecd558be400e0de2a6b4dd29361892087bc1b18fb1aa3b5a567a028d7b64",
    "f81a0db7695ee6bc86211af8edb48ab15a13744dfd5837d6bf34b9a0e5dadd66",
)
FASHION_PAIRS_POSE_GAN = (  # 8,670, its old split; its tables used a new one
    "f60720b127a611a7920d6db947ec2dcf03af3f93541ee22c4795db27cf6efe05",
    "ab7c64e173421940c381b08fecac90323cff836405243df2fba1aca1ebd7ca20",
)
FASHION_PAIRS_PATN = (  # 8,570, PATN and all since
    "d54cce0553b95ff8fca5aca8324f43c455ec2f655084ccea0f4dc701e71b7671",
    "3dd01d33aa68721b7522f8e3dbb412905e158b685db58e44d84d0982c393ce8e",
)


def _inception(**settings):
    return InceptionScore(key="inception_score", title="IS", network="inception-2015", **settings)


def _masked_inception(mask="body"):
    return InceptionScore(key="masked_inception_score", title="mask IS", network="inception-2015", mask=mask)


def _fid(network="inception-torchvision", **settings):
    return Frechet(key="fid", title="FID", network=network, **settings)


def _lpips(**settings):
    return Distance(key="lpips", title="LPIPS", network="lpips-alex", **settings)


def _detection(**settings):
    return DetectionScore(key="detection_score", title="DS", network="person-ssd300", **settings)


def _gfla_pixels(prepare=(), narrow=False):
    """What the scripts of GFLA and its successors compute from pixels."""
    small = "S2-narrow" if narrow else "S2-float"
    return (
        Ssim(key="ssim", title="SSIM", variant="S5-float", prepare=prepare),
        Ssim(key="ssim_256", title="SSIM-256", variant=small, prepare=prepare),
        Psnr(key="psnr", title="PSNR", rule="unit", prepare=prepare),
        Difference(key="l1", title="L1", function="l1", span=1.0, prepare=prepare),
        Difference(key="mae", title="MAE", function="mae", prepare=prepare),
    )


# score_mask.py of PG2 and DPIG.
_MASK_FILES = (
    Ssim(key="masked_ssim", title="mask SSIM", variant="S3", mask="file"),
    _masked_inception("file"),
    Psnr(key="masked_psnr", title="mask PSNR", mask="file"),
    Difference(key="masked_l1", title="mask L1", function="l1", span=255.0, mask="file"),
    Difference(key="masked_l2", title="mask L2", function="l2", mask="file"),
)

_PIXELS = (
    Ssim(key="ssim", title="SSIM", variant="S1"),
    Ssim(key="masked_ssim", title="mask SSIM", variant="S1", mask="body"),
    Difference(key="l1", title="L1", function="l1", span=2.0),
)

POSE_GAN = Protocol(
    name="pose-gan",
    source="Siarohin et al., Deformable GANs for Pose-based Human Image Generation, CVPR 2018: test.py, cmd.py",
    pictures="PNG with bytes truncated; DeepFashion at 256x256, neither cut nor padded",
    metrics=(*_PIXELS, _inception(), _masked_inception(), _detection()),
    pair_lists=(MARKET_PAIRS, FASHION_PAIRS_POSE_GAN),
)

_PROTOCOLS = (
    POSE_GAN,
    Protocol(
        name="patn-market",
        source="Zhu et al., Progressive Pose Attention Transfer, CVPR 2019: tool/getMetrics_market.py",
        pictures="panels of a JPEG strip of quality 75",
        metrics=(
            *_PIXELS,
            _inception(),
            _masked_inception(),
            _detection(),
            Pckh(key="pckh", title="PCKh", network="openpose-18"),
        ),
        sizes=(MARKET,),
        jpeg=True,
        pair_lists=(MARKET_PAIRS,),
    ),
    Protocol(
        name="patn-fashion",
        source="Zhu et al., Progressive Pose Attention Transfer, CVPR 2019: tool/getMetrics_fashion.py",
        pictures="panels of a JPEG strip of quality 75, 256x176; padded with white to 256x256 but for the joints",
        metrics=(
            Ssim(key="ssim", title="SSIM", variant="S1", prepare=("pad-256",)),
            _inception(prepare=("pad-256",)),
            _detection(prepare=("pad-256",)),
            Pckh(key="pckh", title="PCKh", network="openpose-18"),
        ),
        sizes=(FASHION_CUT, FASHION),
        prepare=("cut-176",),
        jpeg=True,
        pair_lists=(FASHION_PAIRS_PATN,),
    ),
    Protocol(
        name="pg2",
        source="Ma et al., Pose Guided Person Image Generation, NIPS 2017: score.py, score_mask.py",
        pictures="as saved; masks from mask pictures",
        metrics=(
            Ssim(key="ssim", title="SSIM", variant="S3"),
            _inception(),
            Psnr(key="psnr", title="PSNR"),
            Difference(key="l1", title="L1", function="l1", span=255.0),
            Difference(key="l2", title="L2", function="l2"),
            *_MASK_FILES,
        ),
    ),
    Protocol(
        name="dpig",
        source="Ma et al., Disentangled Person Image Generation, CVPR 2018: score.py, score_mask.py",
        pictures="as saved, compared in grey; masked scores in colour, masks from mask pictures",
        metrics=(
            Ssim(key="ssim", title="SSIM", variant="S4"),
            _inception(),
            Psnr(key="psnr", title="PSNR", rule="grey"),
            Difference(key="l1", title="L1", function="grey_l1"),
            Difference(key="l2", title="L2", function="grey_l2"),
            *_MASK_FILES,
        ),
    ),
    Protocol(
        name="gfla",
        source="Ren et al., Deep Image Spatial Transformation for Person Image Generation, CVPR 2020: metrics.py",
        pictures="256x256 or 128x64; FID against all training pictures, of which JPEG files at that size were used",
        metrics=(
            *_gfla_pixels(),
            _lpips(drop_remainder=BATCH_OF_64),
            Distance(
                key="masked_lpips",
                title="mask LPIPS",
                network="lpips-alex",
                mask="body",
                drop_remainder=BATCH_OF_64,
            ),
            _fid(drop_remainder=BATCH_OF_64),
        ),
        real_resize=("bicubic", "jpeg-75"),
        sizes=(MARKET, FASHION),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_PATN),
    ),
    Protocol(
        name="dptn",
        source="Zhang et al., Exploring Dual-task Correlation for Pose Guided Person Image Generation, CVPR 2022",
        pictures="256x176, for the pixel metrics padded with white to 256x256; Market 128x64 as it is",
        metrics=(
            *_gfla_pixels(("pad-256",)),
            _lpips(),
            Distance(key="masked_lpips", title="mask LPIPS", network="lpips-alex", mask="body"),
            _fid(drop_remainder=BATCH_OF_64),
        ),
        real_steps=("cut-176",),
        sizes=(MARKET, FASHION_CUT),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_PATN),
    ),
    Protocol(
        name="pidm",
        source="Bhunia et al., Person Image Synthesis via Denoising Diffusion, CVPR 2023: utils/metrics.py",
        pictures="256x256; for LPIPS and FID squeezed to 256x176 bilinearly without anti-aliasing",
        metrics=(
            *_gfla_pixels(narrow=True),
            _lpips(prepare=("squeeze-176",), drop_remainder=BATCH_OF_64),
            _fid(prepare=("squeeze-176",), drop_remainder=BATCH_OF_64),
        ),
        real_resize=("bicubic",),
        sizes=(MARKET, FASHION),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_PATN),
    ),
    Protocol(
        name="cfld",
        source="Lu et al., Coarse-to-Fine Latent Diffusion for Pose-Guided Person Image Synthesis, CVPR 2024",
        pictures="256x176, 512x352 or 128x64, resized from the largest pictures with an anti-aliased bicubic filter",
        metrics=(*_gfla_pixels()[:3], _lpips(), _fid()),
        real_resize=("bicubic",),
        sizes=(MARKET, FASHION_CUT, (512, 352)),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_PATN),
    ),
    Protocol(
        name="standard",
        source="pgig: the original definition of every metric, for comparisons of one's own",
        pictures="PNG of any one size, neither cut nor padded; set metrics against all training pictures",
        metrics=(
            Ssim(key="ssim", title="SSIM", variant="S6"),
            Ssim(key="masked_ssim", title="mask SSIM", variant="S6", mask="body"),
            Ssim(key="ssim_in_mask", title="SSIM in mask", variant="S6", mask="body", average="mask"),
            Psnr(key="psnr", title="PSNR"),
            Difference(key="l1", title="L1", function="l1", span=255.0),
            _lpips(),
            _inception(),
            _fid("inception-2015"),
        ),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_POSE_GAN, FASHION_PAIRS_PATN),
    ),
    Protocol(
        name="offline",
        source="pgig: metrics whose weights package registries ship; none of them is a paper's FID, IS, DS or PCKh",
        pictures="of any one size; set metrics against all training pictures",
        metrics=(
            Ssim(key="ssim", title="SSIM", variant="S3"),
            Psnr(key="psnr", title="PSNR"),
            Difference(key="l1", title="L1", function="l1", span=1.0),
            _lpips(),
            Distance(key="lpips_vgg", title="LPIPS (VGG16)", network="lpips-vgg"),
            Distance(key="st_lpips_alex", title="ST-LPIPS (AlexNet)", network="st-lpips-alex"),
            Distance(key="st_lpips_vgg", title="ST-LPIPS (VGG16)", network="st-lpips-vgg"),
            PoseAccuracy(key="pose_accuracy", title="PCK 0.05 H (MoveNet)", network="movenet-thunder"),
            Pckh(key="pckh_movenet", title="PCKh (MoveNet)", network="movenet-thunder"),
            DetectionScore(key="person_score", title="person score (SSDLite)", network="person-ssdlite", threshold=0.0),
            DetectionScore(
                key="person_score_real",
                title="person score of the real targets",
                network="person-ssdlite",
                of="reference",
                threshold=0.0,
            ),
            Frechet(key="frechet_vgg16", title="Fréchet distance (VGG16 relu5_3)", network="vgg16-relu5_3"),
        ),
        pair_lists=(MARKET_PAIRS, FASHION_PAIRS_POSE_GAN, FASHION_PAIRS_PATN),
    ),
)

PROTOCOLS = {protocol.name: protocol for protocol in _PROTOCOLS}


def find_protocol(name):
    """The protocol of a name; hyphens and underscores are optional.

    Raises:
        OptionsError: there is none of this name.
    """
    plain = {_plain(known): protocol for known, protocol in PROTOCOLS.items()}
    if _plain(name) not in plain:
        raise OptionsError(f"The protocol {name!r} is not known: choose one of {', '.join(PROTOCOLS)}.")
    return plain[_plain(name)]


def _plain(name):
    return name.lower().replace("-", "").replace("_", "")
