"""Makes `graphs.root`: objects that only ROOT itself writes. Run with ROOT 6: `python make_graphs.py`.

The tests know what ROOT says of them (`graphs.json`, made here as well).
"""

import json
import os
from array import array
from pathlib import Path

import ROOT

HERE = Path(__file__).parent


def histogram(name: str, contents: list[float]) -> "ROOT.TH1D":
    h = ROOT.TH1D(name, f"{name};m [GeV];events", len(contents), 0.0, 10.0 * len(contents))
    for i, content in enumerate(contents, 1):
        h.SetBinContent(i, content)
    h.SetEntries(sum(contents))
    return h


def bins(h: "ROOT.TH1") -> list[list[float]]:
    return [
        [h.GetBinContent(i) for i in range(1, h.GetNbinsX() + 1)],
        [h.GetBinError(i) for i in range(1, h.GetNbinsX() + 1)],
    ]


def main() -> None:
    os.chdir(HERE)  # the file keeps the path it was made with
    file = ROOT.TFile("graphs.root", "RECREATE", "", 209)
    x, y = array("d", [1.0, 2.0, 4.0]), array("d", [3.0, 1.0, 2.0])
    half, low, high = array("d", [0.5] * 3), array("d", [0.1, 0.2, 0.3]), array("d", [0.4, 0.5, 0.6])
    plain = ROOT.TGraph(3, x, y)
    symmetric = ROOT.TGraphErrors(3, x, y, half, high)
    lopsided = ROOT.TGraphAsymmErrors(3, x, y, half, half, low, high)
    for name, graph in (("plain", plain), ("symmetric", symmetric), ("lopsided", lopsided)):
        graph.SetNameTitle(name, f"{name} graph;m [GeV];limit [pb]")
        graph.Write()
    several = ROOT.TMultiGraph("several", "Two graphs;m [GeV];limit [pb]")
    several.Add(ROOT.TGraph(plain))
    several.Add(ROOT.TGraphErrors(symmetric))
    several.Write()
    stack = ROOT.THStack("stack", "A stack;m [GeV];events")
    parts = [histogram("top", [1.0, 2.0, 3.0]), histogram("zjets", [4.0, 2.0, 1.0])]
    for part in parts:
        stack.Add(part)
    stack.Write()
    passed, total = histogram("passed", [0.0, 3.0, 5.0, 0.0]), histogram("total", [4.0, 9.0, 5.0, 0.0])
    efficiency = ROOT.TEfficiency(passed, total)
    efficiency.SetNameTitle("turnon", "Turn on;p_{T} [GeV];efficiency")
    efficiency.Write()
    weighted_passed, weighted_total = passed.Clone("wp"), total.Clone("wt")
    weighted_passed.Sumw2()
    weighted_total.Sumw2()
    weighted_passed.Scale(0.5)
    weighted_total.Scale(0.5)
    weighted = ROOT.TEfficiency(weighted_passed, weighted_total)
    weighted.SetName("weighted")
    weighted.SetUseWeightedEvents()
    weighted.SetStatisticOption(ROOT.TEfficiency.kFNormal)
    weighted.Write()
    random = ROOT.TRandom3(7)
    plane = ROOT.TH2D("plane", "Plane;x title;y title", 4, 0.0, 4.0, 3, -1.0, 2.0)
    cube = ROOT.TH3D("cube", "Cube;x;y;z", 4, 0.0, 4.0, 3, -1.0, 2.0, 2, 0.0, 1.0)
    profile = ROOT.TProfile("profile", "Profile;x title;mean of y", 4, 0.0, 4.0)
    spread = ROOT.TProfile("spread", "Spread", 4, 0.0, 4.0, "s")
    profile2d = ROOT.TProfile2D("profile2d", "Profile 2D", 4, 0.0, 4.0, 3, -1.0, 2.0)
    for h in (plane, cube):
        h.Sumw2()
    for _ in range(400):
        a, b, c, w = random.Gaus(2.0, 1.5), random.Gaus(0.5, 1.0), random.Uniform(-0.1, 1.1), random.Uniform(0.5, 1.5)
        plane.Fill(a, b, w)
        cube.Fill(a, b, c, w)
        profile.Fill(a, b, w)
        spread.Fill(a, b, w)
        profile2d.Fill(a, b, c, w)
    for h in (plane, cube, profile, spread, profile2d):
        h.Write()
    said = {
        "plane x": bins(plane.ProjectionX()),
        "plane y": bins(plane.ProjectionY()),
        "plane profile x": bins(plane.ProfileX()),
        "plane profile y": bins(plane.ProfileY()),
        "plane box": [plane.GetEntries(), plane.Integral()],
        "cube z": bins(cube.Project3D("z")),
        "cube yx": [[cube.Project3D("yx").GetBinContent(i, j) for j in range(1, 4)] for i in range(1, 5)],
        "cube zx": [[cube.Project3D("zx").GetBinContent(i, j) for j in range(1, 3)] for i in range(1, 5)],
        "profile": bins(profile),
        "spread": bins(spread),
        "profile2d": [[profile2d.GetBinContent(i, j) for j in range(1, 4)] for i in range(1, 5)],
        "turnon": [
            [e.GetEfficiency(i) for i in range(1, 4)]
            + [e.GetEfficiencyErrorLow(i) for i in range(1, 4)]
            + [e.GetEfficiencyErrorUp(i) for i in range(1, 4)]
            for e in (efficiency, weighted)
        ],
    }
    file.Close()
    (HERE / "graphs.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
