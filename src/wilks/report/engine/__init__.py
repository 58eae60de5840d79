"""The engine for pages: its WebAssembly module, and the JavaScript that fits with it as `wilks.fit` does.

`module()` and `script()` are what a page needs; `wilks.model.export.export_model` makes what it reads a model from.
"""

from __future__ import annotations

import re
from importlib.resources import files

# In an order in which each needs earlier ones only.
SCRIPTS = ("container", "engine", "changed", "model", "status", "effects", "search", "fit")

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|class|const) )(.*)$", re.MULTILINE)


def module() -> bytes:
    """Return the engine as a WebAssembly module.

    >>> from wilks.report import engine
    >>> engine.module()[:4]
    b'\\x00asm'
    """
    return (files(__name__) / "engine.wasm").read_bytes()


def script() -> str:
    """Return all the JavaScript of the engine as one module without imports: for a page, or for a worker of it.

    It exports what the files export (see engine.js, model.js, fit.js).

    >>> from wilks.report import engine
    >>> "import " in engine.script(), engine.script().count("export {")
    (False, 1)
    """
    parts, exported = ['"use strict";\n'], list[str]()
    for name in SCRIPTS:
        text = (files(__name__) / f"{name}.js").read_text(encoding="utf-8")
        names = [each for line in _EXPORT.findall(text) for each in _names(*line)]
        body = _EXPORT.sub(r"\1\2", _IMPORT.sub(r"const {\1} = $\2;\n", text))
        parts.append(f"const ${name} = (() => {{\n{body}return {{ {', '.join(names)} }};\n}})();\n")
        parts.append(f"const {{ {', '.join(names)} }} = ${name};\n")
        exported += names
    return "".join([*parts, f"export {{ {', '.join(exported)} }};\n"])


def _names(kind: str, rest: str) -> list[str]:
    """Return the names that a line declares: of a constant all that have a value there."""
    return re.findall(r"(?:^|, )(\w+) = ", rest) if kind == "const " else re.findall(r"^\w+", rest)
