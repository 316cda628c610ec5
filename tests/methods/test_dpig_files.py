"""The published TensorFlow checkpoints of DPIG, and the networks at full size, against the published list of tensors.

Checkpoints hold all that the list states for a model's number, at a small width.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import WeightsError
from pgig.methods import available
from pgig.methods.dpig.appearance_networks import build_encoder, build_generator
from pgig.methods.dpig.config import DpigConfig
from pgig.methods.dpig.discriminator import build_discriminator
from pgig.methods.dpig.vector_networks import build_critic, build_mapping, build_pose_decoder, build_pose_encoder
from pgig.methods.dpig.weights import checkpoint
from pgig.weights.networks import load_checkpoints, load_networks
from tests.conftest import RUN, match
from tests.weights.writing import checkpoint as checkpoint_files
from tests.weights.writing import write_files

TABLE = json.loads(Path(__file__).with_name("dpig-weights.json").read_text())
MODULES, MODELS = TABLE["modules"], {key: model for key, model in TABLE["checkpoints"].items() if key.isdigit()}
SIZES = {"market": (128, 64), "df": (256, 256)}
# Modules of the list -> our networks.
NETWORKS = {
    "market_encoder": "encoder",
    "market_generator": "generator",
    "image_discriminator": "discriminator",
    "pose_encoder": "pose_encoder",
    "pose_decoder": "pose_decoder",
    "market_map_fg": "mapping_fg",
    "market_map_bg": "mapping_bg",
    "market_critic_fg": "critic_fg",
    "market_critic_bg": "critic_bg",
    "pose_map": "mapping_pose",
    "pose_critic": "critic_pose",
    "df_encoder": "encoder",
    "df_generator": "generator",
    "df_map_app": "mapping_app",
    "df_critic_app": "critic_app",
}
STAGES = (*available()["dpig"].stages, available()["dpig"].whole)
TINY = available()["dpig"].tiny[0]


def options_for(data, stage, *words):
    height, width = SIZES[data]
    words = ("--method", "dpig", "--stage", stage, "--image_size", f"{height},{width}", *TINY, *words)
    return parse(list(words))


def build(options):
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage)


def entries(module):
    """{name: (shape, kind)} of a module of the list."""
    return {entry["name"]: (tuple(entry["shape"]), entry["kind"]) for entry in MODULES[module]["list"]}


@pytest.fixture(scope="module")
def methods():
    """{(data, stage): (options, method)} of tiny networks."""
    found = {}
    for data in SIZES:
        for stage in STAGES:
            options = options_for(data, stage)
            found[data, stage] = options, build(options)
    return found


@pytest.fixture(scope="module")
def small_shapes(methods):
    """{data: {name there: shape}} of all tensors but moving averages, at the tiny width."""
    shapes = {data: {} for data in SIZES}
    for (data, _), (_, method) in methods.items():
        for network in method.networks:
            holder = SimpleNamespace(networks=method.networks, config=method.config, files={"file": (network,)})
            tensors = checkpoint(holder, "file", "tensorflow").tensors
            shapes[data] |= {tensor.name: tuple(tensor.variable.shape) for tensor in tensors}
    return shapes


def contents(model, shapes):
    """{name: array} of everything that the program of a model's number saved."""
    random, arrays = np.random.default_rng(int(model)), {}
    for module in MODELS[model]["modules_in_file"]:
        for name, (_, kind) in entries(module).items():
            # Moving averages have the shape of what stands beside them.
            shape = shapes[re.sub(r"moving_\w+", "scale", name)]
            arrays[name] = random.normal(size=shape)
            if module in MODELS[model]["trained_modules"] and not kind.startswith("moving"):
                slot = re.match(r"two per trained tensor: NAME/(\w+) ", MODELS[model]["optimizer_slots"])[1]
                arrays |= {f"{name}/{slot}": random.normal(size=shape), f"{name}/{slot}_1": random.normal(size=shape)}
    assert sum(name.split("/")[-1].startswith(("Adam", "RMSProp")) for name in arrays) == MODELS[model]["slot_count"]
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    arrays |= {name: np.zeros((), np.int32 if name == "step" else np.float32) for name in MODELS[model]["scalars"]}
    assert len(arrays) == MODELS[model]["variable_count"]
    return arrays


def write(folder, arrays):
    """Write a checkpoint; returns the path that names it."""

    def as_bool(messages):
        if "phase" in messages:
            # TensorFlow's number of truth values, which are not read.
            messages["phase"].dtype = 10

    return write_files(folder / "model.ckpt-0", checkpoint_files(arrays, change=as_bool))


@pytest.fixture(scope="module")
def published(small_shapes, tmp_path_factory):
    """{model's number: (path, arrays)}."""
    found = {}
    for model in MODELS:
        arrays = contents(model, small_shapes["df" if len(model) > 2 else "market"])
        found[model] = write(tmp_path_factory.mktemp(f"MODEL{model}_"), arrays), arrays
    return found


def stored(network, model, arrays, shape):
    """Arrays of a network as a file of a model has them, in our order of rows, columns and channels."""
    module = next(name for name in MODELS[model]["modules_in_file"] if NETWORKS[name] == network)
    found = {name: arrays[name] for name, (_, kind) in entries(module).items() if not kind.startswith("moving")}
    if network == "discriminator":
        # Rows of channel, row, column.
        last = "Discriminator.Output/Discriminator.Output.W"
        maps = found[last].reshape(-1, *shape, 1)
        found[last] = maps.transpose(1, 2, 0, 3).reshape(-1, 1)
    return list(found.values())


def last_map(data):
    """(height, width) of the discriminator's last map."""
    return [length // 16 for length in SIZES[data]]


def same(network, arrays):
    """Compare the variables of a network with arrays in any order of layers, each of which is another."""
    ours = [ops.convert_to_numpy(weight) for weight in network.weights]
    assert len(ours) == len(arrays)
    assert {array.tobytes() for array in ours} == {array.tobytes() for array in arrays}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("model", MODELS)
def test_every_file_of_every_stage_takes_what_a_checkpoint_holds(methods, published, model, stage):
    data = "df" if len(model) > 2 else "market"
    (options, method), (path, arrays) = methods[data, stage], published[model]
    held = {NETWORKS[module] for module in MODELS[model]["modules_in_file"]}
    for file, networks in method.files.items():
        wanted = [name for name in networks if name in held]
        further = {name for name in networks if name.startswith("mapping") and not networks[-1].startswith("mapping")}
        if {*networks} - {*wanted} - further:
            with pytest.raises(WeightsError, match=rf"does not fit the {networks[-1]}: \d+ tensors? missing"):
                load_networks(method, file, path, options)
            continue
        sentence, loaded = load_networks(method, file, path, options)
        assert loaded == wanted and "a tensorflow checkpoint of the original program" in sentence
        for name in loaded:
            same(method.networks[name], stored(name, model, arrays, last_map(data)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("market", "generator 1 mapping 3 pose 2 pose_mapping 4 discriminator 1"),
        ("market", "generator 3 pose 4 discriminator 1"),
        ("df", "generator 101 mapping 103 pose 102 pose_mapping 104 discriminator 101"),
    ],
)
def test_all_networks_come_from_the_published_files_by_flags(methods, published, data, words):
    files = dict(zip(words.split()[::2], words.split()[1::2], strict=True))
    flags = [word for file, model in files.items() for word in (f"--{file}_checkpoint", str(published[model][0]))]
    _, method = methods[data, "all"]
    load_checkpoints(method, options_for(data, "all", *flags), needed=tuple(method.networks))
    for file, model in files.items():
        held = {NETWORKS[module] for module in MODELS[model]["modules_in_file"]}
        for name in held.intersection(method.files[file]):
            same(method.networks[name], stored(name, model, published[model][1], last_map(data)))


def test_damaged_contents_are_refused_and_nothing_changes(methods, published, tmp_path):
    options, method = methods["market", "all"]
    _, arrays = published["3"]
    before = [ops.convert_to_numpy(weight).copy() for weight in method.networks["generator"].weights]
    cases = {
        r"1 tensor missing \(Gaussian_FC_Bg/G_FC/fully_connected_4/biases\)": lambda a: a.pop(
            "Gaussian_FC_Bg/G_FC/fully_connected_4/biases"
        ),
        r"1 tensor left over \('ID_AE/G/Conv_30/biases'\)": lambda a: a.update(
            {"ID_AE/G/Conv_30/biases": np.zeros(4, np.float32)}
        ),
        r"1 tensor left over \('unknown'\)": lambda a: a.update(unknown=np.zeros(4, np.float32)),
        r"ID_AE/G/Conv_1/weights \(4, 4, 3, 3\) instead of \(3, 3, 4, 4\)": lambda a: a.update(
            {"ID_AE/G/Conv_1/weights": a["ID_AE/G/Conv_1/weights"].T}
        ),
        r"no finite floating-point numbers \(Encoder/G_encoder/Conv/biases\)": lambda a: a.update(
            {"Encoder/G_encoder/Conv/biases": a["Encoder/G_encoder/Conv/biases"] * np.float32(np.nan)}
        ),
    }
    for number, (message, change) in enumerate(cases.items()):
        (folder := tmp_path / str(number)).mkdir()
        changed = {name: array + 1 if array.dtype.kind == "f" else array for name, array in arrays.items()}
        change(changed)
        with pytest.raises(WeightsError, match=message):
            load_networks(method, "generator", write(folder, changed), options)
    for weight, old in zip(method.networks["generator"].weights, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), old)


def test_files_of_the_other_data_set_are_refused(methods, published):
    options, method = methods["market", "all"]
    with pytest.raises(WeightsError, match=r"does not fit the generator: .*missing .*of another shape"):
        load_networks(method, "generator", published["101"][0], options)
    with pytest.raises(WeightsError, match="missing .*Gaussian_FC_Fg"):
        load_networks(method, "mapping", published["103"][0], options)


def test_the_discriminator_of_another_version_is_named(methods, published, tmp_path):
    """Before July 2019, a logit of the larger pictures looked at all their features."""
    options = options_for("df", "appearance", "--D_arch", "DCGAN-whole")
    found = {"DCGAN": methods["df", "appearance"], "DCGAN-whole": (options, build(options))}
    features = found["DCGAN"][1].networks["discriminator"].get_layer("act3").output.shape[1:]
    (path, arrays), name = published["101"], "Discriminator.Output/Discriminator.Output.W"
    older = arrays | {name: np.random.default_rng(0).normal(size=(np.prod(features), 1)).astype(np.float32)}
    assert len(older[name]) == 8 * len(arrays[name])
    files = {"DCGAN": (path, arrays), "DCGAN-whole": (write(tmp_path, older), older)}
    for kind, (path, arrays) in files.items():
        for built, (options, method) in found.items():
            if built == kind:
                load_networks(method, "discriminator", path, options)
                same(method.networks["discriminator"], stored("discriminator", "101", arrays, features[:2]))
            else:
                with pytest.raises(WeightsError, match=rf"give --D_arch {kind} with it\.$"):
                    load_networks(method, "discriminator", path, options)

    (folder := tmp_path / "scalar").mkdir()
    scalar = write(folder, arrays | {name: np.ones((), np.float32)})
    with pytest.raises(WeightsError, match=r"1 tensor of another shape \(Discriminator\.Output"):
        load_networks(method, "discriminator", scalar, options)


@pytest.mark.slow
def test_training_upon_a_published_checkpoint_on_the_command_line(tiny, program, published):
    """With the original's flag; the critic that it leaves is clipped."""
    words = ("--dataset", "market", "--method", "dpig", "--stage", "sample-pose", *TINY, *RUN)
    path, arrays = published["2"]
    result = program("train", *words, "--pretrained_poseAE_path", str(path))
    assert result.code == 0, result.err
    said = f"Loaded the pose_encoder and the pose_decoder from {path}: a tensorflow checkpoint of the original program"
    assert match(re.escape(said), result.out)
    options = options_for("market", "sample-pose")
    method = build(options)
    for file in method.kept:
        (left,) = Path("run").rglob(f"*{file}*.h5")
        load_networks(method, file, left, options)
    for network in ("pose_encoder", "pose_decoder"):
        same(method.networks[network], stored(network, "2", arrays, None))
    critic = np.concatenate([ops.convert_to_numpy(w).ravel() for w in method.networks["critic_pose"].weights])
    assert np.abs(critic).max() == np.float32(options.config.clip)

    absent = path.with_name("model.ckpt-1")
    result = program("train", *words, "--checkpoints_dir", "other", "--pose_checkpoint", str(absent))
    assert result.code == 2 and str(absent) in result.sentence


# At full size ----------------------------------------------------------------------------------------------------


def full_network(module):
    """A network as the published options build it, and what else its table depends on."""
    network, config = NETWORKS[module], DpigConfig()
    size = SIZES[module.split("_")[0]] if module.split("_")[0] in SIZES else SIZES["market"]
    sizes = {"fg": 7 * config.part_emb_dim, "app": 7 * config.part_emb_dim, "bg": config.bg_emb_dim}
    sizes["pose"] = config.pose_emb_dim
    pictures = {"encoder": build_encoder, "generator": build_generator, "discriminator": build_discriminator}
    poses = {"pose_encoder": build_pose_encoder, "pose_decoder": build_pose_decoder}
    if network in pictures:
        model = pictures[network](config, size)
    elif network in poses:
        model = poses[network](config)
    else:
        kind, factor = network.split("_")
        model = {"mapping": build_mapping, "critic": build_critic}[kind](config, factor, sizes[factor])
    return SimpleNamespace(networks={network: model}, config=config, files={"file": (network,)}), model


@pytest.mark.parametrize("module", MODULES)
def test_names_shapes_and_number_of_parameters_are_the_published_ones(module):
    holder, model = full_network(module)
    tensors = checkpoint(holder, "file", "tensorflow").tensors
    shapes = {name: shape for name, (shape, kind) in entries(module).items() if not kind.startswith("moving")}
    assert [(tensor.name, tuple(tensor.variable.shape)) for tensor in tensors] == list(shapes.items())
    averages = sum(np.prod(shape) for shape, kind in entries(module).values() if kind.startswith("moving"))
    assert model.count_params() + averages == MODULES[module]["parameters"]


def test_a_discriminator_of_whole_pictures_has_the_older_shape():
    model = build_discriminator(DpigConfig(D_arch="DCGAN-whole"), SIZES["df"])
    (older,) = re.findall(r"\[(\d+),1\], one logit", TABLE["checkpoints"]["_df_discriminator_note"])
    assert tuple(model.get_layer("logit").kernel.shape) == (int(older), 1)
