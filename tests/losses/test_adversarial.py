import numpy as np

from pgig.losses.adversarial import discriminator_loss, fake_loss, real_loss


def test_an_undecided_discriminator_pays_log_two_for_each_half():
    total, true, fake = (float(x) for x in discriminator_loss(np.full((4, 3), 0.5, "float32")))
    np.testing.assert_allclose([true, fake, total], [np.log(2), np.log(2), 2 * np.log(2)], rtol=1e-5)


def test_certain_mistakes_stay_finite():
    assert np.isfinite(float(real_loss(np.zeros(3, "float32"))))
    assert np.isfinite(float(fake_loss(np.ones(3, "float16"))))
