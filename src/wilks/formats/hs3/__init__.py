"""HS3, the HEP statistics serialisation standard: files of ROOT, pyhs3 and of published likelihoods."""

from __future__ import annotations

import re

_KEYS = re.compile(rb'"(distributions|likelihoods|histfactory_dist|hs3_version)"\s*[:,}\]]')


def recognise(content: bytes) -> bool:
    """Return whether the content of a file looks like HS3: a JSON object with HS3's own keys.

    >>> from wilks.formats import hs3
    >>> hs3.recognise(b'{"metadata": {"hs3_version": "0.2"}, "distributions": []}')
    True
    >>> hs3.recognise(b'{"channels": [], "observations": [], "measurements": [], "version": "1.0.0"}')
    False
    """
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{"):
        return False
    return len({match[1] for match in _KEYS.finditer(content)}) >= 2
