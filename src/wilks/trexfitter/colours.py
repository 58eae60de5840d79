"""ROOT's numbers of colours, as figures take them."""

from __future__ import annotations

import re

# First number of a run, and the colours of the run, six digits each.
# fmt: off
_RUNS = {
    0: "ffffff000000ff000000ff000000ffffff00ff00ff00ffff59d3545954d8fefefec0b6ac4c4c4c6666667f7f7f999999b2b2b2cccccc"
    "e5e5e5f2f2f2ccc6aaccc6aac1bfa8bab5a3b2a596b7a39bad998c9b8e82876656afcec684c1a389a8a0829e8cadbcc67a8e99758991"
    "6882966d7a847c99d17f7f9baaa5bfd3ce87ddba87bc9e82c6997cbf8277ce5e60aa8e93a5777a936870d35954",
    **{
        390 + offset: colours
        for offset, colours in (
            (0, "ffffccffff99cccc99ffff66cccc66999966ffff33cccc33999933666633ffff00cccc00999900666600333300"),
            (16, "ccffcc99ff9999cc9966ff6666cc6666996633ff3333cc3333993333663300ff0000cc00009900006600003300"),
            (32, "ccffff99ffff99cccc66ffff66cccc66999933ffff33cccc33999933666600ffff00cccc009999006666003333"),
            (200, "ccccff9999ff9999cc6666ff6666cc6666993333ff3333cc3333993333660000ff0000cc000099000066000033"),
            (216, "ffccffff99ffcc99ccff66ffcc66cc996699ff33ffcc33cc993399663366ff00ffcc00cc990099660066330033"),
            (232, "ffccccff9999cc9999ff6666cc6666996666ff3333cc3333993333663333ff0000cc0000990000660000330000"),
        )
    },
    791: "ffcc99cc9966996633996600cc9933ffcc66ff9900ffcc33cc9900ffcc00ff9933cc6600663300993300cc6633ff9966ff6600ff6633"
    "cc3300ff330099ff3366cc0033660033990066cc3399ff6666ff0066ff3333cc0033ff00ccff9999cc6666993366990099cc33ccff66"
    "99ff00ccff3399cc00ccff0099ffcc66cc9933996600996633cc9966ffcc00ff6633ffcc00cc9900ffcc33ff9900cc66006633009933"
    "33cc6666ff9900ff9933ff6600cc3300ff3399ccff6699cc3366990033993366cc6699ff0066ff3366ff0033cc0033ff3399ff0066cc"
    "0033660066993399cc66ccff0099ff33ccff0099cc00ccffcc99ff9966cc6633996600999933cccc66ff9900ffcc33ff9900cccc00ff"
    "9933ff6600cc3300663300996633cc9966ff6600ff6633ff3300cc3300ffff3399cc0066660033990033cc3366ff6699ff0066ff3366"
    "cc0033ff0033ff99cccc6699993366990066cc3399ff66ccff0099cc0099ff33ccff0099",
    920: "cccccc999999666666333333",
}
# fmt: on
_WHEELS = {
    "White": 0,
    "Black": 1,
    "Gray": 920,
    "Red": 632,
    "Green": 416,
    "Blue": 600,
    "Yellow": 400,
    "Magenta": 616,
    "Cyan": 432,
    "Orange": 800,
    "Spring": 820,
    "Teal": 840,
    "Azure": 860,
    "Violet": 880,
    "Pink": 900,
}


def colour(number: str) -> str | None:
    """Return `#rrggbb` for a number of ROOT's palette (or `kRed-7`); None for one that it does not have.

    >>> colour("632"), colour("kAzure+1"), colour("5000")
    ('#ff0000', '#3399ff', None)
    """
    match = re.fullmatch(r"(?:k([A-Z][a-z]+))?\s*([-+]?\s*[0-9]{1,4})?", number.strip())
    if match is None or not (match[1] or match[2]) or (match[1] and match[1] not in _WHEELS):
        return None
    index = (_WHEELS[match[1]] if match[1] else 0) + int((match[2] or "0").replace(" ", ""))
    for first, colours in _RUNS.items():
        if 0 <= (index - first) * 6 < len(colours):
            return f"#{colours[(index - first) * 6 : (index - first) * 6 + 6]}"
    return None


def mixed(parts: list[str]) -> str | None:
    """Return `#rrggbb` for three numbers of 0 to 255."""
    if len(parts) != 3 or not all(part.isdecimal() and int(part) < 256 for part in parts):
        return None
    return "#" + "".join(f"{int(part):02x}" for part in parts)
