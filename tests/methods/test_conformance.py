"""What every method has to keep to, whichever there are: a new one is tested by being a folder.

Nothing here names a method. What the command line knows of them stands in test_infos.py, runs of whole programs in
test_conformance_runs.py.
"""

import dataclasses

import keras
import numpy as np
import pytest

from pgig.errors import OptionsError, WeightsError
from pgig.methods import available
from pgig.train.step import build_optimizers, compile_iteration, state_variables, trained_variables
from pgig.weights.networks import load_networks, save_networks
from tests.methods.conformance import CASES, FIRST_KIND, SIZE, Case, array, changed, on_tensors, people, values

PAIRS = 3

each_first_kind = pytest.mark.parametrize("first", FIRST_KIND, ids=str)


# Networks, inputs, losses, pictures --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def built(case):
    """(options, method) of a case. No test changes its weights."""
    return case.build()


@pytest.fixture(scope="module")
def inputs(built):
    return on_tensors(built[1], built[1].inputs)(people(PAIRS))


def test_players_and_files_name_networks(case, built):
    _, method = built
    stage, networks = method.stage, set(method.networks)
    assert stage.name == case.stage and stage.players
    names = [player.name for player in stage.players]
    assert len(set(names)) == len(names) and stage.validate in {None, *names}
    for player in stage.players:
        assert set(player.trains) <= networks and trained_variables(method, player)
        assert player.batches >= 1 and player.repeats >= 1
    assert set(stage.needs) <= networks
    assert stage.needs == () or case.earlier

    assert {name for file in method.files.values() for name in file} <= networks
    assert set(method.kept) <= set(method.files) and "generator" in method.kept
    trained = {name for player in stage.players for name in player.trains}
    assert trained <= {name for file in method.kept for name in method.files[file]}
    assert set(stage.needs) <= {files[-1] for files in method.files.values()}

    # Of every network some option says what its weight files must agree in.
    fields = dataclasses.fields(available()[case.method].config)
    assert networks <= {name for field in fields for name in field.metadata["decides"]}


@pytest.mark.parametrize("info", [info for info in available().values() if info.whole], ids=lambda info: info.name)
def test_the_stage_of_all_networks(info, tmp_path):
    """It trains nothing, generates, and takes the weights of every stage that generates."""
    cases = [case for case in CASES if case.method == info.name]
    for words in info.tiny:
        _, method = Case(info.name, info.whole, words).build()
        assert not method.stage.players and info.whole not in info.stages
        generating = {
            network
            for case in cases if case.words == words
            for network in case.build()[1].files["generator"]
        }  # fmt: skip
        assert generating <= set(method.networks)
        assert generating <= {network for held in method.files.values() for network in held}
        for case in (case for case in cases if case.words == words):
            options, trained = case.build("--seed", "7")
            path = tmp_path / f"{case.stage}.h5"
            save_networks(trained, "generator", path, options)
            file = next(file for file, held in method.files.items() if trained.files["generator"][0] in held)
            load_networks(method, file, path, Case(info.name, info.whole, words).build()[0])
            for name in trained.files["generator"]:
                pairs = zip(method.networks[name].weights, trained.networks[name].weights, strict=True)
                assert all(np.array_equal(array(a), array(b)) for a, b in pairs), name
        pictures = on_tensors(method, lambda batch, method=method: method.generate(method.inputs(batch)))(people(2))
        assert pictures.shape == (2, *SIZE, 3)


def test_names_of_variables_are_their_own(built):
    for name, network in built[1].networks.items():
        assert len(values(network.variables)) == len(network.variables), name
        order = built[1].own_order(name)
        assert {id(variable) for *_, variable in order} == {id(weight) for weight in network.weights}, name


def test_weights_depend_on_the_seed_alone(case, built):
    _, again = case.build()
    _, other = case.build("--seed", "1")
    for name in built[1].networks:
        ours, same, different = ([array(w) for w in m.networks[name].weights] for m in (built[1], again, other))
        assert all(np.array_equal(a, b) for a, b in zip(ours, same, strict=True)), name
        assert not all(np.array_equal(a, b) for a, b in zip(ours, different, strict=True)), name


def test_inputs_are_finite_float32(inputs):
    for name, value in inputs.items():
        assert keras.backend.standardize_dtype(value.dtype) == "float32", name
        assert value.shape[0] == PAIRS, name
        assert np.isfinite(array(value)).all(), name


def losses(method, player, inputs, training):
    """What a player's loss returns when all its batches are the same."""
    return on_tensors(method, lambda batch: player.loss([batch] * player.batches, training=training))(inputs)


def test_losses_are_the_sums_of_their_terms(built, inputs):
    _, method = built
    for player in method.stage.players:
        orders = []
        for training in (True, False):
            total, terms, *passed = losses(method, player, inputs, training)
            numbers = [float(array(value)) for value in terms.values()]
            assert np.isfinite(numbers).all() and array(total).shape == ()
            assert float(array(total)) == pytest.approx(sum(numbers), rel=1e-4), player.name
            orders.append(list(terms))
        assert orders[0] == orders[1] and "loss" not in orders[0]
        assert not passed or method.stage.one_batch
        inputs = inputs | dict(*passed)


def test_pictures(built, inputs):
    _, method = built
    generate = on_tensors(method, method.generate)
    pictures = array(generate(inputs))
    assert pictures.shape == (PAIRS, *SIZE, 3) and pictures.dtype == np.float32
    for scale in (1, 1000):
        assert np.abs(array(generate({name: scale * value for name, value in inputs.items()}))).max() <= 1, scale
    assert np.array_equal(array(generate(inputs)), pictures)
    alone = array(generate({name: value[1:2] for name, value in inputs.items()}))
    np.testing.assert_allclose(alone[0], pictures[1], atol=1e-4)


def test_inputs_do_not_depend_on_the_other_pairs(built, inputs):
    batch = {key: value[1:2] for key, value in people(PAIRS).items()}
    for name, value in on_tensors(built[1], built[1].inputs)(batch).items():
        np.testing.assert_allclose(array(value)[0], array(inputs[name])[1], atol=1e-4, err_msg=name)


def test_pose_pictures(built):
    pictures = built[1].pose_pictures(people(PAIRS)["target_keypoints"])
    assert pictures.shape == (PAIRS, *SIZE, 3) and pictures.dtype == np.uint8
    assert all(picture.any() for picture in pictures)


def test_visuals(built, inputs):
    _, method = built
    titles = list(method.visuals(inputs))
    assert all(title == title.strip() and not title[0].isdigit() for title in titles)
    for title, pictures in on_tensors(method, method.visuals)(inputs).items():
        pictures = array(pictures)
        assert pictures.ndim == 4 and pictures.shape[::3] == (PAIRS, 3), title
        assert np.isfinite(pictures).all() and np.abs(pictures).max() <= 1 + 1e-5, title


# Training ----------------------------------------------------------------------------------------------------------


def numbers(logs):
    return {name: {term: float(array(value)) for term, value in terms.items()} for name, terms in logs.items()}


@each_first_kind
def test_an_iteration_changes_what_is_trained_and_nothing_else(first):
    _, method = first.build()
    stage = method.stage
    # A rectifier that lets nothing through would leave the few weights before it as they are.
    for vector in (weight for network in method.networks.values() for weight in network.weights if weight.ndim == 1):
        vector.assign(vector + 0.5)
    optimizers = build_optimizers(method, stage)
    owners = state_variables(method, optimizers)
    before = {owner: values(variables) for owner, variables in owners.items()}
    logs = numbers(compile_iteration(method, stage, optimizers)(people(2 * stage.batches)))

    assert list(logs) == [player.name for player in stage.players]
    inputs = on_tensors(method, method.inputs)(people(2))
    for player in stage.players:
        _, terms, *passed = losses(method, player, inputs, training=False)
        assert list(logs[player.name]) == ["loss", *terms]
        inputs |= dict(*passed)
    assert np.isfinite([value for terms in logs.values() for value in terms.values()]).all()

    trained = {name for player in stage.players for name in player.trains}
    for name, network in method.networks.items():
        moved = changed(network.variables, before[f"network/{name}"])
        weights = {weight.path for weight in network.weights}
        if name not in trained:
            assert not moved & weights, name
            continue
        # Beside what learns: the state of dropout, and statistics of batches where there are any.
        learns = {variable.path for variable in network.trainable_variables}
        drawn = {variable.path for variable in network.variables} - weights
        assert learns | drawn <= moved, (learns | drawn) - moved
    for player in stage.players:
        optimizer = optimizers[player.name]
        assert int(array(optimizer.iterations)) == player.repeats
        slots = {variable.path for variable in optimizer.variables if "learning_rate" not in variable.path}
        assert changed(optimizer.variables, before[f"optimizer/{player.name}"]) == slots


@each_first_kind
def test_half_precision_is_close(first):
    policy = keras.config.dtype_policy()
    try:
        pictures = []
        for precision in ("none", "bfloat16"):
            _, method = first.build("--mixed_precision", precision)
            inputs = on_tensors(method, method.inputs)(people(2))
            assert {keras.backend.standardize_dtype(value.dtype) for value in inputs.values()} == {"float32"}
            pictures.append(array(on_tensors(method, method.generate)(inputs)))
            for player in method.stage.players:
                total, _, *passed = losses(method, player, inputs, training=True)
                assert keras.backend.standardize_dtype(total.dtype) == "float32" and np.isfinite(array(total))
                inputs |= dict(*passed)
    finally:
        keras.config.set_dtype_policy(policy)
    assert pictures[1].dtype == np.float32
    assert np.abs(pictures[0] - pictures[1]).max() < 0.1


# Sizes and weight files --------------------------------------------------------------------------------------------


@each_first_kind
@pytest.mark.parametrize("size", [(256, 256), (128, 128), (96, 40), (31, 17)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_size_is_built_or_refused_in_a_sentence(first, size):
    height, width = size
    try:
        _, method = first.build("--image_size", f"{height},{width}")
    except OptionsError as error:
        assert f"{height} x {width}" in str(error) and str(error).endswith(".") and "\n" not in str(error)
        return
    picture = on_tensors(method, lambda batch: method.generate(method.inputs(batch)))(people(1, size))
    assert picture.shape == (1, height, width, 3)


def everything(method):
    return {name: [array(weight) for weight in network.weights] for name, network in method.networks.items()}


def test_weight_files_bring_the_same_pictures(case, built, inputs, tmp_path):
    options, method = built
    saved = everything(method)
    other_options, other = case.build("--seed", "5")
    untouched = everything(other)
    for file, held in method.files.items():
        path = tmp_path / f"{file}.h5"
        save_networks(method, file, path, options)
        for name, network in other.networks.items():
            network.set_weights(untouched[name])
        sentence, loaded = load_networks(other, file, path, other_options)
        assert list(loaded) == list(held) and all(name in sentence for name in (str(path), *held))
        for name, weights in everything(other).items():
            expected = saved if name in held else untouched
            assert all(np.array_equal(a, b) for a, b in zip(weights, expected[name], strict=True)), (file, name)
        if file == "generator":
            pictures = [array(on_tensors(m, m.generate)(inputs)) for m in (method, other)]
            assert np.array_equal(*pictures)


@each_first_kind
def test_weight_files_of_something_else_are_refused(first, tmp_path):
    options, method = first.build()
    before, path, wanted = everything(method), tmp_path / "weights.h5", method.files["generator"][-1]

    def refusal(path):
        with pytest.raises(WeightsError) as caught:
            load_networks(method, "generator", path, options)
        for name, weights in everything(method).items():
            assert all(np.array_equal(a, b) for a, b in zip(weights, before[name], strict=True)), name
        sentence = str(caught.value)
        assert str(path) in sentence and sentence.endswith(".") and "\n" not in sentence
        return sentence

    # Of another size, of another method, of another network.
    other_options, other = first.build_other_size()
    save_networks(other, "generator", path, other_options)
    assert f"image_size {list(other_options.data.image_size)} instead of {list(SIZE)}" in refusal(path)
    case = next(case for case in FIRST_KIND if case.method != first.method)
    other_options, other = case.build()
    save_networks(other, "generator", path, other_options)
    sentence = refusal(path)
    assert case.method in sentence or other.files["generator"][-1] in sentence
    for file, held in method.files.items():
        if wanted not in held:
            save_networks(method, file, path, options)
            assert held[-1] in refusal(path)

    path.write_text("no weights at all")
    refusal(path)
    refusal(tmp_path / "absent.h5")
