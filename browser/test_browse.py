"""The page of a ROOT file in a browser: every object, every switch, and names that try to be markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uproot
from browser.models import HOSTILE
from playwright.sync_api import Browser, Locator, Page, expect
from tests.labelled import labelled_th1, labelled_th2

from wilks.browse.page import write_page

Show = Callable[..., Page]
GRAPHS = Path(__file__).parents[1] / "tests" / "browse" / "graphs.root"
EDGES = np.linspace(0.0, 200.0, 21)
NOMINAL = np.round(1000 * np.exp(-EDGES[:-1] / 60), 1)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a file with one object of each kind that is written with uproot."""
    folder = tmp_path_factory.mktemp("browse")
    random = np.random.default_rng(3)
    with uproot.recreate(folder / "events.root") as file:
        file["nominal"] = NOMINAL, EDGES
        file["up"] = 1.25 * NOMINAL, EDGES
        file["negative"] = -NOMINAL, EDGES
        file["signal/mass/coarse"] = NOMINAL[::2], EDGES[::2]
        file["flavours"] = labelled_th1([1.0, 5.0], [(1, "ee"), (2, "#mu#mu")])
        file["turned"] = labelled_th1([7.0, 2.0], [(1, "#mu#mu"), (2, "ee")])
        file["others"] = labelled_th1([7.0, 2.0], [(1, "x"), (2, "y")])
        file["map"] = labelled_th2([[1.0, 2.0, 3.0], [3.0, 4.0, 0.0]], [(1, "ee"), (2, "mm")])
        file["plane"] = np.histogram2d(random.normal(size=500), random.normal(size=500), bins=(8, 6))
        for name in HOSTILE:
            file[named(name)] = NOMINAL, EDGES
        file.mktree("tree", {"pt": np.float64, "n": np.int32})
        file["tree"].extend({"pt": random.exponential(size=300), "n": random.poisson(3, size=300).astype(np.int32)})
    write_page(folder / "events.root", folder / "page.html")
    return folder / "page.html"


@pytest.fixture(scope="module")
def graphs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graphs") / "page.html"
    write_page(GRAPHS, path)
    return path


def named(name: str) -> str:
    """Return a name that ROOT can have: folders are cut at slashes, and a semicolon stands before a cycle."""
    return name.replace("/", "|").replace(";", ",")


def row(page: Page, name: str) -> Locator:
    return page.locator(".row", has=page.locator(".name", has_text=name)).first


def picture(page: Page) -> Locator:
    return page.locator("#panel .plot > svg")


def tip(page: Page) -> Locator:
    return page.locator("#panel .tip")


def address(page: Page) -> str:
    return str(page.evaluate("location.hash"))


def curves(page: Page) -> list[str]:
    """Return the outlines of all curves."""
    return [str(path.get_attribute("d")) for path in picture(page).locator(".inside .curve").all()]


@pytest.mark.parametrize("name", ["page_file", "graphs_file"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_object_is_shown(show: Show, name: str, dark: bool, request: pytest.FixtureRequest) -> None:
    page = show(request.getfixturevalue(name), dark=dark)
    seen = 0
    while seen < page.locator(".row").count():
        one = page.locator(".row").nth(seen)
        seen += 1
        if one.get_attribute("aria-expanded") == "false":
            one.locator(".twist").click()
        one.locator(".name").click()
        if one.get_attribute("aria-selected") != "true":
            continue  # a folder
        expect(page.locator("#panel h2")).to_contain_text(one.locator(".name").inner_text())
        expect(page.locator("#panel .plot > svg, #panel table").first).to_be_visible()
        for button in page.locator("#panel .tools button[aria-pressed]:enabled").all():
            button.click()
        for select in page.locator("#panel select").all():
            for i in range(select.locator("option").count()):
                page.locator("#panel select").first.select_option(index=i)
        page.evaluate("for (const one of document.querySelectorAll('#panel details')) one.open = true")
        if picture(page).count():
            picture(page).hover()
            expect(tip(page)).to_be_visible()
    assert seen > 10


def test_curves_over_each_other(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#nominal")
    assert len(curves(page)) == 1
    row(page, "up").click(modifiers=["Control"])
    assert len(curves(page)) == 2
    page.keyboard.press("r")
    assert len(curves(page)) == 4
    page.keyboard.press("l")
    page.keyboard.press("n")
    assert address(page) == "#nominal&up&!log&!ratio&!normalise"
    assert page.locator("#panel .tools [aria-pressed=true]").all_inner_texts() == ["Log y", "Ratio", "Normalise"]
    # Shapes are the same, so are their outlines, and their ratio is 1 everywhere.
    main = curves(page)
    assert main[0] == main[1]
    assert main[2] == main[3]
    again = show(page_file, hash=address(page))
    assert curves(again) == main
    expect(page.locator("#statistics tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Remove nominal").click()
    expect(page.locator("#panel h2")).to_have_text("up")


def test_a_curve_stands_where_its_contents_are(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#nominal")
    drawing = curves(page)[0]
    levels = [float(part.split("H")[0]) for part in drawing.split("V")[1:-1]]
    assert len(levels) == len(NOMINAL)
    base = float(drawing.split("V")[-1])
    heights = base - np.array(levels)
    np.testing.assert_allclose(heights / heights[0], NOMINAL / NOMINAL[0], atol=1e-4)
    texts = picture(page).locator(".axis").first.locator(".tick text").all_text_contents()
    assert texts == ["0", "200", "400", "600", "800", "1000"]


def test_bins_under_the_pointer_and_by_the_keys(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#nominal&up")
    frame = picture(page).locator(".frame").first.bounding_box()
    assert frame
    page.mouse.move(frame["x"] + frame["width"] * 3.5 / 20, frame["y"] + 150)
    expect(tip(page)).to_contain_text("bin 4:  30 – 40")
    expect(tip(page)).to_contain_text(f"{NOMINAL[3]:g} ± ")
    expect(tip(page)).to_contain_text(f"{1.25 * NOMINAL[3]:g} ± ")
    page.mouse.move(5, 5)
    expect(tip(page)).to_be_hidden()
    picture(page).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(tip(page)).to_contain_text("bin 2:  10 – 20")
    page.keyboard.press("Escape")
    expect(tip(page)).to_be_hidden()


def test_labels_are_in_one_order(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#flavours&turned&others")
    assert len(curves(page)) == 2
    expect(page.locator("#panel .note")).to_contain_text("others is not drawn: its bins (x, y)")
    picture(page).focus()
    page.keyboard.press("ArrowRight")
    expect(tip(page)).to_contain_text("bin 1:  ee")
    lines = tip(page).locator("div").all_inner_texts()
    assert [line.split()[1:] for line in lines] == [["1", "±", "1"], ["2", "±", "1.41"]]


def test_views_of_a_map(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#map")
    expect(picture(page).locator("image")).to_have_count(1)
    picture(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(tip(page)).to_contain_text("4")
    expect(tip(page)).to_contain_text("mm")
    page.get_by_role("combobox", name="View").select_option("projection y")
    assert address(page) == "#map&!view=y"
    assert len(curves(page)) == 1


def test_branches_are_filled(show: Show, page_file: Path) -> None:
    page = show(page_file, hash="#tree")
    page.get_by_role("button", name="pt", exact=True).click()
    page.get_by_role("combobox", name="Bins").select_option("20")
    page.get_by_text("Contents of the bins").click()
    contents = page.locator("#panel details tbody tr td:last-child").all_inner_texts()
    assert len(contents) == 20
    assert sum(float(text.split(" ")[0]) for text in contents) == 300
    expect(page.locator("#panel .said")).to_have_text("tree/pt: all 300 entries.")


def test_search(show: Show, page_file: Path) -> None:
    page = show(page_file)
    page.keyboard.press("/")
    page.keyboard.type("mass coa")
    expect(page.locator("#found")).to_have_text("1 found")
    assert page.locator("mark").all_inner_texts() == ["mass", "coa"]
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("signal/mass/coarse")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_contain_text("objects")
    page.locator("#tree").focus()
    page.keyboard.press("Home")
    expect(page.locator("#panel h2")).to_have_text("nominal")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel h2")).to_have_text("up")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("#panel .hint")).to_have_text("Choose an object on the left.")


@pytest.mark.parametrize("hash", ["#nominal&up&!ratio", "#plane", "#flavours"])
def test_saved_pictures_need_no_page(show: Show, page_file: Path, hash: str, tmp_path: Path) -> None:
    page = show(page_file, hash=hash, dark=True)
    with page.expect_download() as saved:
        page.keyboard.press("s")
    saved.value.save_as(tmp_path / "picture.svg")
    root = ET.parse(tmp_path / "picture.svg").getroot()
    assert not [part for part in root.iter() if {"class", "style"} & set(part.attrib)]
    assert not [part for part in root.iter() if "var(" in "".join(part.attrib.values())]
    ground = next(part for part in root.iter() if part.tag.endswith("rect"))
    assert ground.attrib["fill"] == "rgb(255, 255, 255)"
    texts = [text for part in root.iter() if part.tag.endswith("text") for text in part.itertext()]
    assert "yield per bin" in texts
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG").click()
    saved.value.save_as(tmp_path / "picture.png")
    header = (tmp_path / "picture.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert int.from_bytes(header[16:20], "big") == 3 * float(root.attrib["width"])


def test_names_are_text(show: Show, page_file: Path) -> None:
    page = show(page_file)
    for name in HOSTILE:
        shown = named(name)
        row(page, shown).locator(".name").click()
        expect(page.locator("#panel h2")).to_have_text(shown)
    assert page.locator("img").count() == 0
    assert page.locator("body script").count() == 2


def test_the_browser_refuses_markup(chromium: Browser, page_file: Path) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    write = "() => { try { document.body.innerHTML = '<b>x</b>'; } catch (error) { return error.name; } }"
    assert page.evaluate(write) == "TypeError"
    page.close()


def test_widths(show: Show, page_file: Path) -> None:
    page = show(page_file, width=400, hash="#nominal&up&!log&!ratio")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    narrow = picture(page).bounding_box()
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_function("() => document.querySelector('#panel .plot > svg').viewBox.baseVal.width > 800")
    page.get_by_role("separator").focus()
    before = page.locator("#side").evaluate("(one) => one.offsetWidth")
    page.keyboard.press("ArrowRight")
    assert page.locator("#side").evaluate("(one) => one.offsetWidth") == before + 20
    wide = picture(page).bounding_box()
    assert narrow
    assert wide
    assert narrow["width"] < 400 < wide["width"]
