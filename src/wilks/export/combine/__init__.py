"""Files that CMS Combine's own and its users' plotting scripts read, one kind of file in each module.

`impacts.json` is `RankingResult.impacts_json()`.
"""

from wilks.export.combine.fit_diagnostics import save_fit_diagnostics as save_fit_diagnostics
from wilks.export.combine.goodness import gof_json as gof_json
from wilks.export.combine.limit_tree import save_limit_tree as save_limit_tree
from wilks.export.combine.limits import limits_json as limits_json
