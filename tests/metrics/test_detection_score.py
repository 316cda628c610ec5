import numpy as np
import pytest

from pgig.errors import DataError
from pgig.metrics.detection_score import detections


def test_a_weak_confidence_is_no_detection():
    np.testing.assert_array_equal(detections([0.9, 0.01, 0.011, 0.0]), [0.9, 0, 0.011, 0])
    np.testing.assert_array_equal(detections([0.4, 0.6], threshold=0.5), [0, 0.6])
    assert detections([]).shape == (0,)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_confidence_is_refused(wrong):
    with pytest.raises(DataError, match="not in 0..1"):
        detections([0.5, wrong])
