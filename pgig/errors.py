"""Errors that a user can mend. The command line prints their one sentence and exits with code 2."""


class PgigError(Exception):
    """Base of all errors of this package: one sentence saying what came, what was expected, what to do."""

    exit_code = 2


class OptionsError(PgigError):
    """A flag, a combination of flags or a configuration file is wrong."""


class DataError(PgigError):
    """A data folder, an annotation table, a pair list, a record or a picture is wrong."""


class WeightsError(PgigError):
    """A weight file is missing, unreadable, or does not fit the network."""


class NumericsError(PgigError):
    """A loss or a weight is no longer finite."""


class StorageError(PgigError):
    """A file cannot be written: no space, no permission."""


class MissingPackageError(PgigError):
    """An optional package is needed for what was asked."""
