"""HS3, the HEP statistics serialisation standard: files of ROOT, pyhs3 and of published likelihoods."""

from __future__ import annotations

import re

_SIGNS = re.compile(
    rb'"(?:hs3_version|likelihoods|parameter_points|parameters_of_interest)"\s*:'
    rb'|"type"\s*:\s*"(?:histfactory_dist|product_domain)"'
)


def recognise(content: bytes) -> bool:
    """Return whether the content of a file, or its beginning, looks like HS3: a JSON object with HS3's own keys.

    >>> from wilks.formats import hs3
    >>> hs3.recognise(b'{"metadata": {"hs3_version": "0.2"}, "distributions": []}')
    True
    >>> hs3.recognise(b'{"channels": [], "observations": [], "measurements": [], "version": "1.0.0"}')
    False
    """
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{"):
        return False
    return _SIGNS.search(content) is not None
