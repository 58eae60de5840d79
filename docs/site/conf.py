"""Settings of Sphinx. The pages are laid out by build.py."""

import re

import wilks

project = "wilks"
author = copyright = "The wilks developers"
release = version = wilks.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "files"]
root_doc = "index"

# Pages: Markdown, with anchors as GitHub makes them.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_allow_labels = False
nb_execution_mode = "off"  # build.py has run the notebooks
nb_merge_streams = True
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = ">>> |\\.\\.\\. |\\$ "
copybutton_prompt_is_regexp = True

# Docstrings: what stands between backticks is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "FloatArray", "BoolArray", "IntArray", "JSONDict")}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False  # the headings are enough

html_theme = "furo"
html_title = "wilks"
html_static_path = ["_static"]
html_css_files = ["wilks.css"]
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}


def _aliases(app, what, name, found, options, signature, returned):
    """Return signatures in which the types of arrays have their own names."""

    def plain(text):
        return text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text)

    return plain(signature), plain(returned)


def setup(app):
    app.connect("autodoc-process-signature", _aliases)
