import numpy as np
import pytest

import pgig.metrics.reid as module
from pgig.errors import DataError
from pgig.metrics.reid import one_per_person_cmc, rank_distances, rank_features, reid_scores
from pgig.metrics.reid_features import multi_query_features, normalise, parse_names, read_features

QUERY = ([7], [1])


def ranked(people, cameras):
    """Ranking of one query, person 7 by camera 1, whose gallery stands in the order of distance."""
    return rank_distances(np.arange(len(people), dtype=float)[None], QUERY, (people, cameras))


def plainly(distances, query, gallery):
    """The two definitions of average precision and the first match, query by query in words."""
    results = []
    for row, person, camera in zip(distances, *query, strict=True):
        rank, found, first, zheng, torchreid = 0, 0, 0, [], []
        for column in np.argsort(row, kind="stable"):
            other, other_camera = gallery[0][column], gallery[1][column]
            if other == -1 or (other == person and other_camera == camera):
                continue
            rank += 1
            if other == person:
                before = 1.0 if rank == 1 else found / (rank - 1)
                found += 1
                first = first or rank
                zheng.append((before + found / rank) / 2)
                torchreid.append(found / rank)
        results.append((first, np.mean(zheng) if found else 0, np.mean(torchreid) if found else 0))
    return np.array(results).T


@pytest.fixture
def market():
    """Random features of 12 queries and 90 gallery pictures with junk and distractors; distances often tie."""
    random = np.random.default_rng(0)
    query = random.integers(1, 6, 12), random.integers(1, 4, 12)
    gallery = random.integers(-1, 6, 90), random.integers(1, 4, 90)
    distances = random.integers(0, 30, (12, 90)).astype(float)
    return random.normal(size=(12, 8)), random.normal(size=(90, 8)), query, gallery, distances


def test_names():
    names = ["-1_c1s1_000401_03.jpg", "0000_c2s1_000001_00.jpg", "gt/1501_c6s4_001902_01.jpg.jpg"]
    people, cameras = parse_names(names)
    assert people.tolist() == [-1, 0, 1501] and cameras.tolist() == [1, 2, 6]


@pytest.mark.parametrize("name", ["person.jpg", "", "0001.jpg", "a0001_c1s1.jpg", "9" * 30 + "_c1s1.jpg"])
def test_other_names_are_refused(name):
    with pytest.raises(DataError, match="says no person and camera"):
        parse_names([name])


def test_junk_is_taken_out_and_distractors_stay():
    # The same person by the same camera, a bad box, a distractor, the person, a stranger, the person.
    ranking = ranked([7, -1, 0, 7, 8, 7], [1, 2, 2, 2, 2, 3])
    assert ranking.first_match.tolist() == [2]
    assert ranking.average_precision["torchreid"] == pytest.approx([(1 / 2 + 2 / 4) / 2])
    assert ranking.average_precision["zheng"] == pytest.approx([((0 + 1 / 2) / 2 + (1 / 3 + 2 / 4) / 2) / 2])


def test_queries_without_a_match_count_in_one_definition_only():
    distances = np.zeros((2, 1))
    ranking = rank_distances(distances, ([7, 8], [1, 1]), ([7], [2]))
    assert reid_scores(ranking, "zheng", [1]) == {"rank1": 0.5, "mAP": 0.5}
    assert reid_scores(ranking, "torchreid", [1]) == {"rank1": 1.0, "mAP": 1.0}


def test_many_queries_are_ranked_as_one_by_one(market, monkeypatch):
    _, _, query, gallery, distances = market
    expected = plainly(distances, query, gallery)
    for at_a_time in (1, 200, 2**22):
        monkeypatch.setattr(module, "_DISTANCES_AT_A_TIME", at_a_time)
        ranking = rank_distances(distances, query, gallery)
        found = ranking.first_match, ranking.average_precision["zheng"], ranking.average_precision["torchreid"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_features_are_ranked_by_their_distances(market, metric):
    features, pictures, query, gallery, _ = market
    a, b = (normalise(features), normalise(pictures)) if metric == "cosine" else (features, pictures)
    distances = np.linalg.norm(a[:, None] - b, axis=-1)
    expected = rank_distances(distances, query, gallery)
    ranking = rank_features(features, pictures, query, gallery, metric)
    np.testing.assert_array_equal(ranking.first_match, expected.first_match)
    for name, values in expected.average_precision.items():
        np.testing.assert_allclose(ranking.average_precision[name], values, rtol=0, atol=1e-12)


def test_empty_sets():
    ranking = rank_features(np.zeros((0, 4)), np.zeros((3, 4)), ([], []), ([1, 2, 3], [1, 1, 1]))
    assert np.isnan(reid_scores(ranking)["mAP"])
    ranking = rank_features(np.zeros((2, 4)), np.zeros((0, 4)), ([1, 2], [1, 1]), ([], []))
    assert reid_scores(ranking)["mAP"] == 0


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(market, broken):
    features, pictures, query, gallery, _ = market
    pictures[5, 3] = broken
    with pytest.raises(DataError, match="gallery features of 1 picture .first: row 5. are not finite"):
        rank_features(features, pictures, query, gallery)


def test_misfits_are_refused(market):
    features, pictures, query, gallery, distances = market
    for call in (
        lambda: rank_features(features[:3], pictures, query, gallery),
        lambda: rank_features(features[:, :3], pictures, query, gallery),
        lambda: rank_features(features, pictures, query, gallery, "manhattan"),
        lambda: rank_distances(distances.T, query, gallery),
        lambda: rank_distances(distances + np.nan, query, gallery),
        lambda: reid_scores(rank_distances(distances, query, gallery), "market"),
        lambda: multi_query_features(query, features, query, "sum"),
        lambda: one_per_person_cmc(distances, query[0], gallery[0][1:]),
    ):
        with pytest.raises(DataError):
            call()


@pytest.mark.parametrize("how", ["mean", "max"])
def test_several_shots_become_one_query(market, how):
    _, features, _, shots, _ = market
    query = shots[0][::7], shots[1][::7]
    pooled = multi_query_features(query, features, shots, how)
    for row, person, camera in zip(pooled, *query, strict=True):
        own = features[(shots[0] == person) & (shots[1] == camera)]
        np.testing.assert_allclose(row, getattr(own, how)(axis=0), rtol=1e-12)


def test_a_query_without_shots_is_named(market):
    _, features, _, shots, _ = market
    with pytest.raises(DataError, match="no multi-query picture of person 77 by camera 1"):
        multi_query_features(([77], [1]), features, shots)


def test_one_picture_per_person():
    # Person 2 is the nearest of query 1's, person 1 the nearest of query 0's.
    distances = np.array([[0.1, 0.5, 0.9], [0.2, 0.1, 0.3], [0.0, 0.0, 0.0]])
    scores = one_per_person_cmc(distances, [1, 3, 9], [1, 2, 3], ranks=(1, 2, 3))
    assert scores == {"rank1": 0.5, "rank2": 0.5, "rank3": 1.0}


def test_draws_are_averaged_and_seeded():
    # Person 1's first picture wins, the second loses against person 2.
    distances = np.array([[0.1, 0.9, 0.5]])
    score = one_per_person_cmc(distances, [1], [1, 1, 2], ranks=(1,), repetitions=400)["rank1"]
    assert 0.4 < score < 0.6
    assert score == one_per_person_cmc(distances, [1], [1, 1, 2], ranks=(1,), repetitions=400)["rank1"]
    assert score != one_per_person_cmc(distances, [1], [1, 1, 2], ranks=(1,), repetitions=400, seed=1)["rank1"]


def test_nobody_to_find():
    assert np.isnan(one_per_person_cmc(np.zeros((1, 1)), [5], [1], ranks=(1,))["rank1"])


@pytest.fixture
def feature_file(tmp_path):
    path = tmp_path / "features.npz"
    np.savez_compressed(path, names=["0002_c1s1_0.jpg", "0003_c2s1_0.jpg"], features=np.eye(2, 5, dtype=np.float32))
    return path


def test_reading_features(feature_file):
    names, features = read_features(feature_file)
    assert names == ["0002_c1s1_0.jpg", "0003_c2s1_0.jpg"]
    np.testing.assert_array_equal(features, np.eye(2, 5))


@pytest.mark.parametrize(
    "arrays",
    [
        {"names": ["a"]},
        {"names": ["a"], "features": np.zeros((2, 3))},
        {"names": ["a"], "features": np.zeros(1)},
        {"names": ["a"], "features": np.zeros((1, 3), int)},
        {"names": [1], "features": np.zeros((1, 3))},
        {"names": np.array(["a"], object), "features": np.zeros((1, 3))},
    ],
)
def test_other_contents_are_refused(tmp_path, arrays):
    path = tmp_path / "features.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError):
        read_features(path)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_features(tmp_path / "features.npz")


def test_damaged_files_give_a_sentence(feature_file):
    data, random = feature_file.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data[: random.integers(len(data))] if random.random() < 0.3 else data)
        for place in random.integers(0, max(1, len(damaged)), random.integers(1, 4)) if damaged else ():
            damaged[place] = random.integers(256)
        feature_file.write_bytes(damaged)
        try:
            names, features = read_features(feature_file)
            assert len(names) == len(features)
        except DataError as error:
            assert "\n" not in str(error)
