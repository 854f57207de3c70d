"""The explorers on a page of their own, made of the book's real style sheets and scripts, and on
every page of the built site.  NumPy and `rnn.backward` say what they have to show."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import site_checks
from explorer_pages import SETTINGS, STATIC, TOLD, html, opener, published, put
from site_browser import SITE, context, pages, served

from unrolled import rnn

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

import course_weight  # noqa: E402
import explorer_stills  # noqa: E402

LARGEST = 6000  # bytes of one file
# In the order in which they need each other.
SCRIPTS = ["foundation.js", "controls.js", "axis.js", "ledger.js", "plots.js", "powers.js"]
SCRIPTS += ["jacobian.js", "lag.js", "forget.js", "depth.js", "links.js"]
STATES = "₀₁₂₃₄"
T, N, D = 4, 3, 2
X = np.arange(T * N * D).reshape(T, N, D)
ARRAYS = {
    "x, shape (T, N, D)": X,
    "x.transpose(1, 0, 2), shape (N, T, D)": X.transpose(1, 0, 2),
    "x.reshape(N, T, D)": X.reshape(N, T, D),
}
RESHAPED = list(ARRAYS)[-1]
LUCKY = [v for v in X.flat if (X.transpose(1, 0, 2) == v)[X.reshape(N, T, D) == v].all()]
NOT_CUSTOM = {"annotation-xml", "color-profile", "font-face", "missing-glyph"}


def run(steps: int) -> tuple[dict, np.ndarray, np.ndarray, float]:
    """What a lesson hands to <gradient-ledger>, and dL/dh, carried and dL/dW of a single sweep."""
    rng = np.random.default_rng(steps)
    params = rnn.Params(np.array([[1.2]]), np.array([[0.8]]), np.zeros(1))
    x, h0 = rng.normal(size=(steps, 1, 1)), np.array([[0.5]])
    h, tape = rnn.forward(x, h0, params)
    dh = rng.normal(size=(steps, 1, 1))
    heard, shares = np.zeros((steps, steps + 1)), np.zeros((steps, steps))
    before = np.concatenate([h0[None], h[:-1]])[:, 0, 0]
    for tau in range(steps):
        alone = rnn.backward(np.where(np.arange(steps)[:, None, None] == tau, dh, 0), tape)
        heard[tau] = np.append(alone.h0, alone.h[:, 0, 0])
        shares[tau] = heard[tau, 1:] * (1 - h[:, 0, 0] ** 2) * before
    grads = rnn.backward(dh, tape)
    total = np.append(grads.h0, grads.h[:, 0, 0])
    direct = np.append(0, dh[:, 0, 0])
    data = {"heard": heard.round(8).tolist(), "shares": shares.round(8).tolist()}
    return data, direct, total, grads.params.W_hh.item()


def ledger(data: object) -> str:
    return published("gradient-ledger", data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The book's static files and the pages that use them."""
    folder = tmp_path_factory.mktemp("explorers") / "static"
    both = "<section><p><axis-explorer></axis-explorer></p>" + ledger(run(3)[0]) + "</section>"
    texts = {"both": html(both), "plain": html(both, scripts=False)}
    texts |= {f"ledger{steps}": html(ledger(run(steps)[0])) for steps in (2, 3, 4)}
    texts["lost"] = html("<lost-explorer></lost-explorer><axis-explorer></axis-explorer>")
    put(folder, texts)
    return folder


@pytest.fixture(scope="module")
def where(folder):
    with served(folder) as address:
        yield address


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


# --- the foundation ----------------------------------------------------------------------


def test_the_explorers_are_small():
    files = sorted((STATIC / "explorers").iterdir())
    assert set(SCRIPTS) | {"explorers.css", "links.css", "plots.css"} == {f.name for f in files}
    assert {f.name: f.stat().st_size for f in files if f.stat().st_size > LARGEST} == {}


def test_every_script_and_style_sheet_is_loaded_in_the_book():
    text = html("")
    for file in (STATIC / "explorers").iterdir():
        assert f'"explorers/{file.name}"' in text
    places = [text.index(f"explorers/{name}") for name in SCRIPTS]
    assert places == sorted(places)


def test_the_site_gets_scripts_without_their_comments():
    script = """/* What it is
     * about. */
    const a = 'http://x'; // told
      // alone
    const b = `a / b`; /* inside */ const c = "// no 'comment'"; // the reader's

    """
    bare = """const a = 'http://x';
const b = `a / b`;  const c = "// no 'comment'"; // the reader's
"""
    assert course_weight.bare(script) == bare
    assert course_weight.bare("a = `\n  // text\n`;") == "a = `\n  // text\n`;"
    for file in (STATIC / "explorers").iterdir():
        text = file.read_text(encoding="utf-8")
        short = course_weight.bare(text)
        assert "/*" not in short and len(short) < len(text)


def test_each_element_is_defined_by_one_script():
    tags = course_weight.explorer_tags(STATIC)
    assert sorted(name for names in tags.values() for name in names) == sorted(
        explorer_stills.EXPLORERS
    )
    assert {len(names) for names in tags.values()} == {0, 1}
    assert course_weight.explorer_tags(STATIC) is tags, "the scripts are read once"


def test_a_script_gets_only_the_norms_that_it_shows():
    norms = [1 / 3 + k for k in range(10)]
    data = {"presets": [{"name": "a", "eig": [0, 0], "shear": 1, "norms": norms}]}
    once = explorer_stills.read_by_script("jacobian-ellipse", data)
    assert '"norms":[0.3333,4.333,8.333],"every":4' in once and " " not in once
    assert data["presets"][0]["norms"] == norms
    assert explorer_stills.read_by_script("lag-matrix", {"a": "</b>"}) == '{"a":"<\\/b>"}'


def test_the_scripts_take_one_global_name(opened):
    names = [set(opened(name).evaluate("Object.keys(window)")) for name in ("both", "plain")]
    assert names[0] - names[1] == {"unrolled"}
    hidden = "[typeof AxisExplorer, typeof GradientLedger, typeof LagMatrix, typeof make, typeof T]"
    assert set(opened("both").evaluate(hidden)) == {"undefined"}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting[0]}-{setting[1]}")
@pytest.mark.parametrize("operated", [False, True], ids=["first", "operated"])
def test_the_explorers_are_quiet_and_accessible(browser, where, setting, operated):
    with context(browser, *setting) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, where)
        page.goto(f"{where}/both.html", wait_until="load")
        if operated:
            page.click("text=somewhere else")
            page.click("gradient-ledger .explorer-skip")
            page.click("text=all")
            page.click("axis-explorer button >> nth=20")
            page.click("gradient-ledger .explorer-losses button >> nth=1")
        assert page.evaluate("document.documentElement.dataset.theme") == setting[0]
        assert site_checks.axe_violations(page) + site_checks.sideways(page) == []
        assert listener.complaints == []


def test_the_explorers_fit_the_narrowest_phone(browser, where):
    with context(browser, "light", 320) as window:
        page = window.new_page()
        page.goto(f"{where}/both.html", wait_until="load")
        page.click("text=somewhere else")
        assert site_checks.sideways(page) == []
        wide = """[...document.querySelectorAll('.explorer *')].filter(
          (e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)"""
        assert page.evaluate(wide) == []


def test_the_explorers_work_from_the_disk(browser, folder):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, folder.as_uri())
        page.goto(f"{folder.as_uri()}/both.html", wait_until="load")
        assert silent_explorers(page) == []
        assert listener.complaints == []


def test_print_shows_the_first_state_and_no_question(opened):
    page = opened("both")
    page.emulate_media(media="print")
    assert page.locator(".explorer-predict:visible").count() == 0
    assert page.locator(".explorer-sentence:visible").count() == 2
    assert page.locator(".explorer-array:visible .chosen").count() == 3
    assert page.locator(".explorer-ledger .lit:visible").count() == 4


def test_nothing_moves_for_readers_who_asked_for_that(browser, where):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        page.goto(f"{where}/both.html", wait_until="load")
        durations = """[...document.querySelectorAll('.explorer *')]
          .map((e) => getComputedStyle(e).transitionDuration)"""
        assert set(page.evaluate(durations)) == {"0s"}
        page.emulate_media(reduced_motion="no-preference")
        assert set(page.evaluate(durations)) == {"0s", "0.15s"}


def test_without_the_scripts_the_sentence_of_the_cell_stands_in_its_place(opened):
    page = opened("plain")
    assert page.locator("gradient-ledger").inner_text() == TOLD
    assert page.locator("gradient-ledger").bounding_box()["height"] > 10


# --- <axis-explorer> ---------------------------------------------------------------------


def shown_arrays(page) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """What stands in every array of the page, which cells are chosen, and which are their kin."""
    groups = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('axis-explorer .explorer-array')].map(
        (group) => [group.getAttribute('aria-label'), [...group.querySelectorAll('table')].map(
          (table) => [...table.querySelectorAll('tr')].map((row) =>
            [...row.querySelectorAll('td > *')].map((cell) => [cell.textContent,
              cell.classList.contains('chosen'), cell.classList.contains('kin')])))]))"""
    )
    arrays = {name: np.array(cells, dtype=object) for name, cells in groups.items()}
    return {name: tuple(np.moveaxis(cells, -1, 0)) for name, cells in arrays.items()}


def complaints_on_axes(page, value: int, reshaped: bool) -> list[str]:
    """Where the explorer contradicts NumPy when this value is chosen."""
    complaints = []
    shown = shown_arrays(page)
    t, n, d = np.argwhere(value == X)[0].tolist()
    for name, array in ARRAYS.items():
        values, chosen, kin = shown[name]
        if values.astype(int).tolist() != array.tolist():
            complaints.append(f"{name} holds {values.tolist()}")
        if (chosen != (array == value)).any():
            complaints.append(f"{name} marks {np.argwhere(chosen).tolist()}")
        if (kin != (np.isin(array, X[:, n]) & (array != value))).any():
            complaints.append(f"{name} takes {values[kin.astype(bool)].tolist()} for one sequence")
    if shown["the state"][1].ravel().tolist() != [i == n for i in range(N)]:
        complaints.append("the state marks another row")
    pressed = page.locator(".explorer-array [aria-pressed=true]").all_inner_texts()
    stops = page.locator(".explorer-array [tabindex='0']").all_inner_texts()
    if not pressed == stops == [str(value)]:
        complaints.append(f"pressed are {pressed}, Tab stops at {stops}")
    said = page.inner_text("axis-explorer .explorer-sentence").replace("\xa0", " ")
    transposed, cut = (np.argwhere(ARRAYS[name] == value)[0].tolist() for name in list(ARRAYS)[1:])
    told = (
        f"Element {value} is x[{t}, {n}, {d}]: step {t} of sequence {n}, feature {d}. "
        f"The transpose holds it at {transposed}. It enters row {n} of the state."
    )
    if reshaped:
        told += f" The reshape puts it at {cut}"
        told += (
            ", by luck the right place."
            if value in LUCKY
            else f": it would be read as step {cut[1]} of sequence {cut[0]}."
        )
    return complaints + ([f"it says {said!r}"] if said != told else [])


def element(page, value: int):
    return page.locator(f'axis-explorer button[aria-label^="{value}, x["]')


def test_every_element_stands_where_numpy_puts_it_by_mouse(opened):
    page = opened("both")
    assert complaints_on_axes(page, 10, reshaped=False) == []
    page.click("text=somewhere else")
    for value in X.flat:
        element(page, value).click()
        assert complaints_on_axes(page, value, reshaped=True) == []
    assert page.complaints == []


def test_every_element_stands_where_numpy_puts_it_by_keyboard(opened):
    page = opened("both")
    page.keyboard.press("Tab")
    focused = "Number(document.activeElement.textContent)"
    assert page.evaluate(focused) == 10
    page.keyboard.press("Home")
    for value in X.flat:
        assert page.evaluate(focused) == value
        assert complaints_on_axes(page, value, reshaped=False) == []
        page.keyboard.press("ArrowRight")  # the last one stays where it is
    for key, value in {
        "ArrowUp": 21,
        "ArrowLeft": 20,
        "ArrowDown": 22,
        "Home": 0,
        "End": 23,
    }.items():
        page.keyboard.press(key)
        assert page.evaluate(focused) == value, key
        assert complaints_on_axes(page, value, reshaped=False) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Home")  # the browser's own
    assert page.evaluate(focused) == 23
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "at the same place"
    page.keyboard.press("Enter")
    assert complaints_on_axes(page, 23, reshaped=True) == []
    assert page.complaints == []


@pytest.mark.parametrize("value", [10, *LUCKY[:2], 7])
@pytest.mark.parametrize("answer", ["at the same place", "somewhere else"])
def test_the_reshape_is_hidden_until_a_prediction_is_made(opened, value, answer):
    page = opened("both")
    element(page, value).click()
    reshaped = page.locator(f'[aria-label="{RESHAPED}"]')
    assert not reshaped.is_visible()
    page.click(f"axis-explorer >> text={answer}")
    assert reshaped.is_visible()
    right = (answer == "at the same place") == (value in LUCKY)
    verdict = f"For element {value} your prediction was {'right' if right else 'wrong'}."
    assert page.inner_text("axis-explorer .explorer-predict [role=status]") == verdict
    assert page.locator(".explorer-predict [aria-pressed=true]").all_inner_texts() == [answer]


def test_what_is_chosen_has_another_colour_and_another_border(opened):
    page = opened("both")
    page.click("text=somewhere else")
    looks = """(cell) => { const s = getComputedStyle(cell);
      return [s.borderTopColor, s.backgroundColor, s.borderTopStyle, s.borderTopWidth]; }"""
    for group in page.locator(".explorer-array").all():
        marked = group.locator(".chosen").evaluate(looks)
        others = [cell.evaluate(looks) for cell in group.locator("td > :not(.chosen)").all()]
        assert all(sum(a != b for a, b in zip(marked, o, strict=True)) >= 3 for o in others)
        assert marked[2:] == ["solid", "3px"]
        kin = [cell.evaluate(looks)[2] for cell in group.locator(".kin").all()]
        assert set(kin) == (set() if "state" in group.get_attribute("class") else {"dashed"})


# --- <gradient-ledger> -------------------------------------------------------------------


def wanted_ledger(data: dict, choice: int) -> tuple[list[list[str]], str]:
    """Rows of the table and the sum below it, from the data; choice 0 is all losses."""
    heard, shares = np.array(data["heard"]), np.array(data["shares"])
    steps = len(heard)
    losses = [choice - 1] if choice else list(range(steps))
    own = np.append(0, np.diag(heard[:, 1:]) * np.isin(range(steps), losses))
    total = heard[losses].sum(axis=0)
    share = np.append(0, shares[losses].sum(axis=0))
    write = lambda x: f"{x:.5f}".replace("-0.00000", "0.00000").replace("-", "−")  # noqa: E731
    rows = [
        [f"h{STATES[t]}", *(write(x) for x in (own[t], total[t] - own[t], total[t], share[t]))]
        for t in range(steps, -1, -1)
    ]
    rows[-1][1] = rows[-1][4] = "–"
    return rows, write(share.sum())


def shown_ledger(page) -> tuple[list[list[str]], str]:
    rows = page.locator(".explorer-ledger tbody tr").all()
    cells = [[c.inner_text() for c in row.locator("th, td").all()] for row in rows]
    return cells, page.inner_text(".explorer-ledger tfoot td")


def complaints_on_ledger(page, data: dict, choice: int) -> list[str]:
    """Where table, graph and sentence contradict the data."""
    steps = len(data["heard"])
    complaints = []
    if (shown := shown_ledger(page)) != (wanted := wanted_ledger(data, choice)):
        complaints.append(f"the table shows {shown}, the data say {wanted}")
    tops = [choice] if choice else range(1, steps + 1)
    edges = {f"l{tau}-h{tau}" for tau in tops}
    edges |= {f"h{t}-h{t - 1}" for tau in tops for t in range(tau, 0, -1)}
    lit = page.locator(".edge.lit").evaluate_all("es => es.map((e) => e.dataset.edge)")
    if sorted(lit) != sorted(edges):
        complaints.append(f"lit are {lit}")
    names = page.locator("tr.lit th").all_inner_texts()
    if names != [f"h{STATES[t]}" for t in range(max(tops), -1, -1)]:
        complaints.append(f"the rows of {names} are lit")
    ways = ["ℓ" + " → h".join(STATES[t] for t in [tau, *range(tau, -1, -1)]) for tau in tops]
    if page.get_attribute("svg", "aria-label") != f"Unrolled network. Lit: {'; '.join(ways)}.":
        complaints.append(f"the graph is called {page.get_attribute('svg', 'aria-label')!r}")
    pressed = page.locator(".explorer-losses [aria-pressed=true]").all_inner_texts()
    if pressed != [f"ℓ{STATES[choice]}" if choice else "all"]:
        complaints.append(f"pressed are {pressed}")
    slope = f"d{f'ℓ{STATES[choice]}' if choice else 'L'}/dW"
    said = page.inner_text("gradient-ledger .explorer-sentence")
    told = [f"The shares add up to {slope} = {wanted[1]}."]
    if choice:
        told += [f"Loss ℓ{STATES[choice]} speaks to h{STATES[choice]} directly: "]
        told += [f"nothing to h{STATES[choice + 1]}"] if choice < steps else []
    if not all(words in said for words in told):
        complaints.append(f"it says {said!r}")
    if ("nothing" in said) != (0 < choice < steps):
        complaints.append(f"it calls the wrong states silent: {said!r}")
    if slope not in page.inner_text(".explorer-ledger thead"):
        complaints.append("the table names another derivative")
    return complaints


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_every_choice_shows_the_numbers_of_the_run_by_mouse(opened, steps):
    page = opened(f"ledger{steps}")
    data = run(steps)[0]
    assert complaints_on_ledger(page, data, 0) == []
    page.click(".explorer-skip")
    for choice in [*range(steps, 0, -1), 0]:
        page.click(f".explorer-losses button >> nth={choice}")
        assert complaints_on_ledger(page, data, choice) == []
    assert page.complaints == []


def test_every_choice_shows_the_numbers_of_the_run_by_keyboard(opened):
    page = opened("ledger3")
    data = run(3)[0]
    for answer in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == f"h{STATES[answer]}"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the way round the question
    assert complaints_on_ledger(page, data, 2) == []
    for choice, key in enumerate(["Space", "Enter", "Space", "Enter"]):
        page.keyboard.press("Tab")
        page.keyboard.press(key)
        assert complaints_on_ledger(page, data, choice) == []
    assert page.complaints == []


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_all_losses_together_show_what_one_sweep_finds(opened, steps):
    _, direct, total, dW = run(steps)
    rows, below = shown_ledger(opened(f"ledger{steps}"))
    number = lambda text: float(text.replace("−", "-").replace("–", "0"))  # noqa: E731
    table = np.array([[number(x) for x in row[1:]] for row in reversed(rows)])
    np.testing.assert_allclose(table[:, 0], direct, rtol=0, atol=6e-6)
    np.testing.assert_allclose(table[:, 2], total, rtol=0, atol=6e-6)
    np.testing.assert_allclose(table[:, 0] + table[:, 1], table[:, 2], rtol=0, atol=1.6e-5)
    assert abs(number(below) - dW) < 6e-6
    assert np.abs(table[:-1, 1]).min() > 1e-3  # something is carried to every earlier state


@pytest.mark.parametrize("answer", range(4))
def test_a_prediction_chooses_the_loss_that_it_is_about(opened, answer):
    page = opened("ledger3")
    page.click(f".explorer-predict button >> nth={answer}")
    verdict = f"Your prediction was {'right' if answer == 3 else 'wrong'}: h₃ comes later, "
    assert page.inner_text(".explorer-predict [role=status]").startswith(verdict)
    assert complaints_on_ledger(page, run(3)[0], 2) == []


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_no_loss_tells_the_answer_before_a_prediction(opened, steps):
    page = opened(f"ledger{steps}")
    losses = page.locator(".explorer-losses button")
    closed = [button.is_disabled() for button in losses.all()]
    assert closed == [False, *[True] * (steps - 1), False]  # all losses and the last one are free
    losses.nth(steps - 1).click(force=True)
    page.evaluate(f"document.querySelector('gradient-ledger').set('loss={steps - 1}')")
    assert complaints_on_ledger(page, run(steps)[0], 0) == []
    losses.nth(steps).click()
    assert complaints_on_ledger(page, run(steps)[0], steps) == []
    page.click(".explorer-predict button >> nth=0")
    assert [button.is_disabled() for button in losses.all()] == [False] * (steps + 1)
    assert complaints_on_ledger(page, run(steps)[0], steps - 1) == []
    assert page.complaints == []


def test_the_lit_way_has_another_colour_width_and_direction(opened):
    page = opened("ledger3")
    page.click(".explorer-skip")
    page.click(".explorer-losses button >> nth=2")
    looks = """(edge) => {
      const shown = (part) => getComputedStyle(edge.querySelector(part)).display !== 'none';
      const { stroke, strokeWidth } = getComputedStyle(edge);
      return [stroke, strokeWidth, shown('.back'), shown('.forward')]; }"""
    lit, unlit = (
        page.locator(f"[data-edge={name}]").evaluate(looks) for name in ("h2-h1", "h3-h2")
    )
    assert lit[0] != unlit[0] and lit[1:] == ["5px", True, False]
    assert unlit[1:] == ["1.5px", False, True]


GOOD = run(2)[0]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"heard": GOOD["heard"]},
        {"heard": GOOD["heard"][:1], "shares": GOOD["shares"][:1]},
        GOOD | {"shares": GOOD["heard"]},
        GOOD | {"heard": [[1, 2, 3], [1, 2, 3]]},  # loss 1 would reach state 2
        GOOD | {"shares": [[1, 2], [3, 4]]},
        GOOD | {"heard": [[1, 2, 0], [1, "2", 3]]},
        {"heard": [[1, 2]], "shares": [[1]]},
    ],
)
def test_bad_data_are_reported_and_leave_the_fallback(browser, where, folder, data):
    (folder / "bad.html").write_text(html(ledger(data)), encoding="utf-8")
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, where)
        page.goto(f"{where}/bad.html", wait_until="load")
        assert page.inner_text("gradient-ledger") == TOLD
        assert page.locator(".explorer").count() == 0
        assert len(listener.complaints) == 1
        assert "expected heard (T, T + 1) and shares (T, T)" in listener.complaints[0]


# --- the built site ----------------------------------------------------------------------


def custom_tags(text: str) -> set[str]:
    """Names of the custom elements on a page."""
    return {e.tag for e in site_checks.parse(text).all() if "-" in e.tag} - NOT_CUSTOM


def silent_explorers(page) -> list[str]:
    """Complaints about custom elements that no script brought to life, or that say nothing."""
    script = """(known) => [...document.querySelectorAll('*')]
      .filter((e) => e.localName.includes('-') && !known.includes(e.localName))
      .map((e) => [e.localName, e.matches(':defined'),
                   e.querySelector('.explorer-sentence[role=status]')?.textContent.trim() ?? ''])"""
    return [
        f"<{name}> {'says nothing' if defined else 'is not defined'}"
        for name, defined, sentence in page.evaluate(script, sorted(NOT_CUSTOM))
        if not defined or len(sentence.split()) < 4
    ]


def test_a_silent_explorer_is_noticed(opened):
    assert silent_explorers(opened("both")) == []
    page = opened("lost")
    assert silent_explorers(page) == ["<lost-explorer> is not defined"]
    page.evaluate("document.querySelector('.explorer-sentence').textContent = ''")
    assert "<axis-explorer> says nothing" in silent_explorers(page)
    assert custom_tags("<p><a-b></a-b><math><annotation-xml></annotation-xml></math>") == {"a-b"}


def test_every_explorer_of_the_built_site_works(browser, address, site):
    with context(browser, "light", 1280) as window:
        for name in pages(SITE):
            found = custom_tags((site / name).read_text(encoding="utf-8"))
            source = site / "_sources" / Path(name).with_suffix(".ipynb")
            asked = re.findall(r"<([a-z]+-[a-z]+)>", source.read_text()) if source.exists() else []
            assert set(asked) <= found, f"{name}: the build lost an explorer"
            if found:
                page = window.new_page()
                page.goto(f"{address}/{name}", wait_until="load")
                assert silent_explorers(page) == [], name
                page.close()
