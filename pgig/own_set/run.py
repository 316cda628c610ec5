"""`python -m pgig make-dataset`: from a folder of photos to a data set that `train.py` takes."""

from dataclasses import replace

from pgig.config import Shared
from pgig.data.check import check
from pgig.data.dataset import open_images
from pgig.data.paths import data_paths
from pgig.errors import DataError, StorageError
from pgig.own_set.photos import find_photos
from pgig.own_set.pictures import sort_photos
from pgig.own_set.poses import PoseStore, estimate, made_with
from pgig.own_set.split import people_for_testing, pictures_for_testing
from pgig.own_set.write import write
from pgig.repose.framing import framing_of
from pgig.utils.locks import alone_in

# The networks of most methods halve a picture four times or more.
_USUAL_STEP = 16


def run(request, networks, show=True):
    """Make a data set.

    Args:
        request: `pgig.own_set.request.Request`.
        networks: function without arguments that gives a pose estimator, and a detector of people or None, see
            `pgig.estimate.people.find_people`; called when what can be refused at once has been refused.
        show: whether to show progress bars.

    Returns:
        list of sentences: what was made of how many photos, what was left out, and how to go on.

    Raises:
        OptionsError: the pattern of `identity` is wrong.
        DataError: something of that name exists already, or the photos do not make a data set.
        WeightsError: there is no estimator.
        StorageError: the disk is full, or another program makes the same data set.
    """
    request.require_absent()
    framing = _framing(request) if request.crop else None
    photos, left_out = find_photos(request.folder, request.identity)
    _require_people(request, photos)

    networks = networks()
    with alone_in(request.poses_folder, lambda: _refuse(request)):
        store = PoseStore(request.poses_folder, made_with(networks))
        try:
            unread = estimate(photos, store, networks, show)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("The same command goes on from here.") from None
        left_out |= unread
        decided = sort_photos([photo for photo in photos if photo.shown not in unread], store, request.size, framing)
        sentences = write(request, decided, left_out, _split(request, decided), show)
    _require_sound(request, show)
    if any(side % _USUAL_STEP for side in request.size):
        sentences.append(f"Sides that are no multiples of {_USUAL_STEP} do not fit all methods.")
    return [*sentences, f"It can be used: python train.py --config {request.config_file}"]


def _framing(request):
    known = framing_of(data_paths(Shared(dataset=request.framing, use_records=0)))
    return replace(known, size=request.size, shape=request.size)


def _require_people(request, photos):
    """Refuse, before the long work, what cannot give pairs however good the poses are."""
    if request.by_pictures:
        return
    counts = _counts(photos)
    if len(counts) == 1:
        (person,) = counts
        raise DataError(
            f"All {len(photos)} photos of {request.folder} are of one person, {person!r}, but training and testing "
            "need different people. If they are several, put each into a sub-folder, or give --identity; if it is one, "
            "--split pictures tests on other photos of that person."
        )
    people_for_testing(counts, request.test_share, request.test_ids)


def _refuse(request):
    raise StorageError(f"Another program makes the data set {request.name}: wait for it, or give another --name.")


def _split(request, decided):
    """{"train" or "test": list of `Picture`}."""
    pictures = decided.pictures
    if not pictures:
        raise DataError(
            f"No photo of {request.folder} shows a whole torso: in {len(decided.nobody)} no pose was found, in "
            f"{len(decided.unusable)} a shoulder or a hip is missing. `python -m pgig draw` shows what was found."
        )
    if request.by_pictures:
        of_people = {}
        for picture in pictures:
            of_people.setdefault(picture.photo.person, []).append(picture)
        chosen = pictures_for_testing(of_people, request.test_share)
    else:
        counts = _counts(picture.photo for picture in pictures)
        people = people_for_testing(counts, request.test_share, request.test_ids)
        chosen = {picture for picture in pictures if picture.photo.person in people}
    return {
        "train": [picture for picture in pictures if picture not in chosen],
        "test": [picture for picture in pictures if picture in chosen],
    }


def _counts(photos):
    """{person: number of photos}, in the order of the photos."""
    counts = {}
    for photo in photos:
        counts[photo.person] = counts.get(photo.person, 0) + 1
    return counts


def _require_sound(request, show):
    """Look at the files that were written, as `pgig check` does, and make the records."""
    paths = request.paths
    wrong = [finding.text for finding in check(paths, progress=show) if finding.stops]
    if wrong:
        raise DataError(f"The data set {request.name} was written, but cannot be used: {wrong[0]}")
    open_images(paths, show)
