"""Words of messages."""


def counted(count, noun, nouns=None):
    """A number with its noun: "1 picture", "2 pictures", "0 people".

    Args:
        count: whole number.
        noun: what one is called; other words may follow it, such as "picture is".
        nouns: what several are called, or None for the noun with an s.
    """
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def first_few(names, most):
    """A list of names as text, no more than `most` of them: "a, b and 3 more"."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more} more" if more > 0 else "")
