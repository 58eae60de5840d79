from pathlib import Path

from tests.cli.conftest import Call


def test_a_saved_scan_is_drawn(call: Call, workspace: Path) -> None:
    assert call("scan", workspace, "--points", "5", "-o", "scan.json").exit_code == 0
    result = call("plot", "scan.json")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == ["wrote figures/scan.pdf", "wrote figures/scan.png"]
    assert Path("figures/scan.png").stat().st_size > 5000


def test_the_suffix_chooses_the_format(call: Call, workspace: Path) -> None:
    call("fit", workspace, "-o", "fit.json")
    assert call("plot", "fit.json", "-o", "pulls.svg", "--style", "CMS").output == "wrote pulls.svg\n"


def test_mistakes_are_sentences(call: Call, workspace: Path) -> None:
    result = call("plot", workspace)
    assert result.exit_code == 2
    assert "a workspace, not a saved result" in result.output
    call("fit", workspace, "-o", "fit.json")
    result = call("plot", "fit.json", "--style", "ALTAS")
    assert result.exit_code == 2
    assert "ATLAS" in result.output
    assert call("plot", "missing.json").exit_code == 2
