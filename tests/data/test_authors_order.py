"""The order of pairs that the authors' converters give."""

from pgig.data.authors_order import converter_pairs, new_draws

# What Python draws after the seed 0, the second and the third version alike.
DRAWS = (0.8444218515250481, 0.7579544029403025, 0.420571580830845)


def test_the_draws():
    draws = new_draws()
    assert tuple(draws.random() for _ in DRAWS) == DRAWS


def test_pairs_there_and_back_in_the_order_of_the_listing():
    pairs = converter_pairs(["1_a", "1_b", "2_a", "1_c"], new_draws(), shuffled=False)
    assert pairs == [*both("1_a", "1_b"), *both("1_a", "1_c"), *both("1_b", "1_c")]


def both(first, second):
    return [(first, second), (second, first)]


def test_the_shuffle_by_hand():
    a, b = both("1_a", "1_b")
    # From behind: 0.84 * 4 and 0.76 * 3 leave the last two, 0.42 * 2 exchanges the first two.
    c, d = both("2_a", "2_b")
    assert converter_pairs(["1_a", "1_b", "2_a", "2_b"], new_draws()) == [b, a, c, d]


def test_pairs_of_two_people_draw_numbers_too():
    # Number 2000 is the only one that they are formed with: 1998 of those before it are other people.
    names = ["1_a", "1_b", *(f"x{number}_a" for number in range(1998)), "1_c"]
    draws = new_draws()
    for _ in range(1998 - 1):
        draws.random()
    pairs = [*both("1_a", "1_b"), *both("1_a", "1_c"), *both("1_b", "1_c")]
    for last in (5, 4, 3, 2, 1):
        chosen = int(draws.random() * (last + 1))
        pairs[last], pairs[chosen] = pairs[chosen], pairs[last]
    after = new_draws()
    assert converter_pairs(names, after) == pairs
    assert after.random() == draws.random()
