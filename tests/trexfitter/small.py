"""A small configuration for each kind of input."""

HISTOGRAMS = """\
Job: "small"
  POI: "mu"
  ReadFrom: HIST
  HistoPath: "in"

Region: "SR"
  Type: SIGNAL
  HistoName: "mass"

Region: "CR"
  Type: CONTROL
  HistoName: "ht"

Sample: "Data"
  Type: DATA
  HistoFile: "data"

Sample: "ttbar"
  Type: BACKGROUND
  HistoFile: "tt"

Sample: "signal"
  Type: SIGNAL
  HistoFile: "sig"
  NormFactor: "mu",1,0,10
"""

NTUPLES = """\
Job: "small"
  POI: "mu"
  ReadFrom: NTUP
  NtuplePaths: "in"
  NtupleName: "nominal"
  MCweight: "w*sf"
  Selection: "trigger"

Region: "SR"
  Type: SIGNAL
  Variable: "ht",4,0,8
  Selection: "njets>4"

Sample: "Data"
  Type: DATA
  NtupleFile: "data"

Sample: "ttbar"
  Type: BACKGROUND
  NtupleFile: "tt"

Sample: "signal"
  Type: SIGNAL
  NtupleFile: "sig"
  NormFactor: "mu",1,0,10
"""
