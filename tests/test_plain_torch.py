"""The plain PyTorch forms of PATN and GFLA against what the original programs computed."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.plain_torch import gfla, gfla_training, patn  # noqa: E402
from tests.golden.conftest import golden  # noqa: E402, F401

pytestmark = pytest.mark.slow
FORWARD, LOSS = 2e-4, 1e-3
KERNELS = {"fashion": {2: 5, 3: 3}, "market": {2: 3}}


@pytest.fixture(autouse=True)
def one_thread():
    """PyTorch's threads wait for each other by computing, which stops everything on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def normal(seed, shape):
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape).astype("float32")


def uniform(seed, shape):
    """A tensor of pictures."""
    values = np.random.Generator(np.random.PCG64(int(seed))).uniform(-1, 1, shape)
    return torch.tensor(values.astype("float32"))


def recipe(entry, seed):
    """The tensor that an entry of a list of weights stands for."""
    values = normal(seed, entry["shape"])
    if entry["fan_in"]:
        return values * np.float32(np.sqrt(2 / entry["fan_in"]))
    return (1 if entry["kind"] == "norm_scale" else 0) + np.float32(0.05) * values


def load(module, entries, seed_base=0, strip=""):
    """Fill all weights of a module, whose names must be those of the list."""
    values = {
        entry["name"].removeprefix(strip): torch.tensor(recipe(entry, entry.get("seed", seed_base + entry["i"])))
        for entry in entries
    }
    assert values.keys() == dict(module.named_parameters()).keys()
    module.load_state_dict(values, strict=False)


def gaussian(keypoints, size, old_size):
    """Pose maps (B, 18, H, W) of joints (B, 18, 2) as (y, x) in a picture of `old_size`; -1 is missing."""
    places = keypoints if size == old_size else (keypoints / old_size * size).astype(int)
    maps = np.zeros((*keypoints.shape[:2], *size), "float32")
    rows, columns = np.ogrid[: size[0], : size[1]]
    for place in np.ndindex(*keypoints.shape[:2]):
        if (keypoints[place] != -1).all():
            y, x = places[place]
            maps[place] = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 72)
    return maps


def patn_inputs(data, points):
    """P1, P2, BP1, BP2; with `points`, maps hold the joint's pixel alone."""
    pictures = [np.moveaxis((data[key] / np.float32(255) - 0.5) / 0.5, 3, 1) for key in ("P1_u8", "P2_u8")]
    size = data["P1_u8"].shape[1:3]
    maps = [gaussian(data[key], size, size) for key in ("kp1_yx", "kp2_yx")]
    return [torch.tensor(array.astype("float32")) for array in (*pictures, *(m == 1 if points else m for m in maps))]


def close(actual, expected, tolerance=FORWARD):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", ["market_eval", "market_train_forward", "fashion_eval"])
def test_patn_forward(golden, case):  # noqa: F811
    data = arrays(golden(f"{case}.npz", "patn"))
    kind = "batch" if case.startswith("market") else "instance"
    order = json.loads(golden("weights_order.json", "patn").read_text())
    networks = patn.Generator(kind, dropout=0), *(patn.discriminator(kind, 3 + n, kind == "batch") for n in (18, 3))
    source, target, *poses = patn_inputs(data, points=kind == "instance")
    inputs = (source, torch.cat(poses, 1)), [torch.cat((target, poses[1]), 1)], [torch.cat((target, source), 1)]
    for name, network, given in zip(("netG", "netD_PB", "netD_PP"), networks, inputs, strict=True):
        load(network, order[f"{name}_{kind}"], strip="model.")
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0
        with torch.no_grad():
            out = network.train(case.endswith("train_forward"))(*given).numpy()
        close(*((out, data["G_out"]) if name == "netG" else (out[:, ::32, ::4, ::4], data[f"{name[3:]}_slice"])))


@pytest.mark.parametrize("case", ["market", "fashion"])
def test_patn_step(golden, case):  # noqa: F811
    data = arrays(golden(f"{case}_step.npz", "patn"))
    market = case == "market"
    kind = "batch" if market else "instance"
    training = patn.Training(kind, market, (5, 10, 10) if market else (5, 1, 1), 50 if market else 0, dropout=0)
    order = json.loads(golden("weights_order.json", "patn").read_text())
    for name in ("generator", "pb", "pp"):
        entries = order[{"generator": "netG", "pb": "netD_PB", "pp": "netD_PP"}[name] + f"_{kind}"]
        load(getattr(training, name), entries, strip="model.")
    load(training.perceptual, order["vgg19_features_0_3"])

    source, target, *poses = patn_inputs(data, points=not market)
    names = list(data["loss_names"])
    for row in data["losses"]:
        terms = training.step(source, target, *poses)
        assert terms == pytest.approx({name: row[names.index(name)] for name in terms}, rel=LOSS)


def gfla_inputs(data, case):
    """P1, P2, BP1, BP2."""
    size, old_size = ((256, 256), (256, 176)) if case == "fashion" else ((128, 64), (128, 64))
    pictures = [uniform(data[f"image_seed_{key}"], (len(data["kp1"]), 3, *size)) for key in ("P1", "P2")]
    maps = [gaussian(data[key], size, old_size) for key in ("kp1", "kp2")]
    return [*pictures, *map(torch.tensor, maps)]


def gfla_weights(golden, name):  # noqa: F811
    return json.loads(golden(f"weights_{name}.json", "gfla").read_text())["tensors"]


@pytest.mark.parametrize("case", ["market", "fashion"])
def test_gfla_forward(golden, case):  # noqa: F811
    data = arrays(golden(f"net_{case}.npz", "gfla"))
    source, _, *poses = gfla_inputs(data, case)
    generator = gfla.Generator(KERNELS[case])
    load(generator, gfla_weights(golden, f"G_{case}"), int(data["weight_seed_base"]))
    with torch.no_grad():
        picture, flows, masks = generator(source, *poses)
    step = 4 if case == "fashion" else 2
    close(picture[:, :, ::step, ::step], data["G_img"])
    for number, (flow, mask) in enumerate(zip(flows, masks, strict=True)):
        close(flow, data[f"G_flow{number}"])
        close(mask, data[f"G_mask{number}"])
    assert f"G_flow{len(flows)}" not in data


def gfla_discriminator(golden, network, case):  # noqa: F811
    """Give a discriminator its weights and spectral vectors; returns the arrays of its file."""
    data = arrays(golden(f"disc_{case}.npz", "gfla"))
    load(network, gfla_weights(golden, f"D_{case}"), int(data["weight_seed_base"]))
    vectors = {key.removeprefix("init_"): torch.tensor(data[key]) for key in data if key.startswith("init_")}
    assert vectors.keys() == dict(network.named_buffers()).keys()
    network.load_state_dict(vectors, strict=False)
    return data


@pytest.mark.parametrize("case", ["market", "fashion"])
def test_gfla_discriminator(golden, case):  # noqa: F811
    network = gfla.Discriminator(4 if case == "fashion" else 3)
    data = gfla_discriminator(golden, network, case)
    size = (256, 256) if case == "fashion" else (128, 64)
    picture = uniform(data["image_seed"], (len(data["eval_out"]), 3, *size))
    with torch.no_grad():
        close(network.eval()(picture), data["eval_out"], 1e-5)
        for number in (1, 2):
            close(network.train()(picture), data[f"train_out{number}"], 1e-5)


@pytest.mark.parametrize("stage", ["s1", "s2"])
def test_gfla_step(golden, stage):  # noqa: F811
    data = arrays(golden("step_market.npz", "gfla"))
    seed_base = int(data["weight_seed_base"])
    full = stage == "s2"
    kernels = KERNELS["market"]
    training = gfla_training.FullTraining(kernels, 3) if full else gfla_training.FlowTraining(kernels)
    # The file of the flow net names it as a part of the generator.
    name, strip = ("G", "") if full else ("F", "flow_net.")
    load(training.generator, gfla_weights(golden, f"{name}_market"), seed_base, strip)
    for weight, tensor in zip(gfla_weights(golden, "VGG"), training.vgg.parameters(), strict=True):
        kernel = tensor.dim() == 4
        entry = weight | {"kind": "", "shape": tensor.shape, "fan_in": tensor[0].numel() if kernel else None}
        tensor.copy_(torch.tensor(recipe(entry, seed_base + entry["i"])))
    if full:
        gfla_discriminator(golden, training.discriminator, "market")

    terms = training.step(*gfla_inputs(data, "market"))
    for name, value in terms.items():
        key = f"{stage}_{name}_gen" if full and name == "correctness" else f"{stage}_{name}"
        assert value == pytest.approx(float(data[key]), rel=1e-4), name
    if full:
        after = training.generator.target.outconv.conv1.bias
        close(after.detach(), data["s2_after_target.outconv.conv1.bias"], 1e-5)
    else:
        close(training.generator.output2.bias.detach(), data["s1_after_output2_bias"], 1e-5)
