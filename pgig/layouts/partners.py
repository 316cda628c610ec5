"""Which picture of one folder belongs to which of another: by name, or by place where names tell nothing."""

from pgig.errors import DataError
from pgig.layouts.pictures import find_pictures, stem


class ByName:
    """Real pictures by name, with or without extension; those that are missing are collected for one complaint."""

    def __init__(self, folder):
        self.folder = folder
        self._by_name, self._by_stem = {}, {}
        for path in find_pictures(folder)[0]:
            self._by_name[path.name] = path
            self._by_stem.setdefault(stem(path.name), []).append(path)
        self.used, self.missing = set(), []

    def get(self, name):
        """The picture's path, or None."""
        # PIDM writes its real pictures with `deep` before their names.
        found = self._by_name.get(name)
        for key in (stem(name), f"deep{stem(name)}"):
            candidates = [found] if found else self._by_stem.get(key, [])
            if len(candidates) > 1:
                raise DataError(
                    f"{self.folder} holds {candidates[0].name} and {candidates[1].name}, and which of them belongs to "
                    f"{name!r} is open: keep one of both."
                )
            found = candidates[0] if candidates else None
            if found:
                self.used.add(found)
                return found
        return None

    def __call__(self, name, wanted_by):
        found = self.get(name)
        if found is None:
            self.missing.append((name, wanted_by))
        return found

    def complain(self, count):
        """Refuse to go on when a picture was missing."""
        if self.missing:
            name, wanted_by = self.missing[0]
            raise DataError(
                f"{len(self.missing)} of {count} pictures have no partner in {self.folder}: the first is {wanted_by}, "
                f"which needs {name!r}; put the missing pictures there or take the others out."
            )

    def unused(self):
        """How many pictures nobody asked for."""
        return len(self._by_name) - len(self.used)


def partners(firsts, seconds, notes):
    """For each picture of a folder its partner in another: the one of its name, or of its place if no names agree.

    Args:
        firsts, seconds: lists of paths in natural order, each of one folder, not empty.
        notes: list that gets a sentence when the pictures were paired by place.

    Returns:
        list of paths of `seconds`, in the order of `firsts`.

    Raises:
        DataError: some have partners and others not, or there are no names in common and the counts differ.
    """
    by_stem = {stem(path.name): path for path in seconds}
    shared = [path for path in firsts if stem(path.name) in by_stem]
    places = f"{firsts[0].parent} and {seconds[0].parent}"
    if len(shared) == len(firsts) == len(seconds) == len(by_stem):
        return [by_stem[stem(path.name)] for path in firsts]
    if not shared and len(firsts) == len(seconds):
        notes.append(f"{places} have no names in common: their pictures were paired by position in natural order.")
        return seconds
    if shared:
        names = {stem(path.name) for path in firsts}
        lonely = [p for p in firsts if stem(p.name) not in by_stem] + [p for p in seconds if stem(p.name) not in names]
        if not lonely:
            raise DataError(f"{places} hold pictures that differ only in their extension: keep one of each name.")
        raise DataError(
            f"{len(lonely)} pictures of {places} have no partner of the same name: the first is {lonely[0]}; bring "
            "both folders to the same names."
        )
    raise DataError(
        f"{places} hold {len(firsts)} and {len(seconds)} pictures and no names in common, so that nobody knows who "
        "belongs to whom: bring both folders to the same names."
    )
