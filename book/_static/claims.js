// The court of claims: vote before the verdict opens, search, filter. Nothing is stored.
(() => {
  const cards = [...document.querySelectorAll(".claim")];
  const bar = document.querySelector(".claims-bar");
  if (!bar) return;
  const NAMES = { true: "True", "true if": "True if", misleading: "Misleading", false: "False" };
  const make = (tag, set = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), set);
    element.append(...inside);
    return element;
  };
  const details = new Map(cards.map((card) => [card, card.querySelector("details")]));
  const open = (list) => list.forEach((card) => (details.get(card).open = true));
  const nameOf = (card) => card.id.replace("claim-", "").replace("-", ".");
  const agrees = (card) => card.dataset.vote === card.dataset.verdict;
  const many = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

  // Speaks, always in view.
  const speaker = make("p", { className: "claims-tally", role: "status" });
  document.querySelector(".bd-article > section").append(speaker);
  const tally = () => {
    const all = cards.filter((card) => card.dataset.vote);
    const count = `${all.filter(agrees).length} of ${many(all.length, "measurement")}`;
    return all.length ? `You agreed with ${count} so far.` : "";
  };

  const buttons = (card) => [...card.querySelectorAll(".claim-vote button")];
  // An open verdict cannot be voted on.
  const close = (card) => buttons(card).forEach((b) => (b.disabled = b.ariaPressed !== "true"));
  const vote = (card, choice) => {
    if (card.dataset.vote || details.get(card).open) return;
    card.dataset.vote = choice;
    buttons(card).forEach((b) => (b.ariaPressed = String(b.value === choice)));
    close(card);
    const said = agrees(card) ? "You agree." : `You said ${choice}.`;
    card.querySelector(".ruling").append(make("span", { className: "claim-said" }, " · " + said));
    open([card]);
    speaker.textContent = `Claim ${nameOf(card)}: ${card.dataset.verdict}. ${said} ${tally()}`;
  };
  for (const card of cards) {
    const place = card.querySelector(".claim-vote");
    Object.assign(place, { role: "group", ariaLabel: `Your vote on claim ${nameOf(card)}` });
    for (const [value, name] of Object.entries(NAMES)) {
      place.append(make("button", { type: "button", value, ariaPressed: "false" }, name));
    }
    place.addEventListener("click", ({ target }) => target.value && vote(card, target.value));
    details.get(card).addEventListener("toggle", ({ target }) => target.open && close(card));
  }

  // --- search and filters ---
  const select = (name, choices) => {
    const list = make("select");
    for (const [value, text] of choices) list.append(make("option", { value }, text));
    bar.append(make("label", {}, make("span", {}, name), list));
    return list;
  };
  const titleOf = (key, value) => {
    const card = cards.find((c) => c.dataset[key] === value);
    const section = card.closest("section");
    return (key === "source" ? section.parentElement : section).querySelector("h2, h3").firstChild.textContent.trim();
  };
  const search = make("input", { type: "search" });
  bar.append(make("label", {}, make("span", {}, "Words"), search));
  const pick = (name, key) =>
    select(name, [
      ["", "all"],
      ...[...new Set(cards.map((card) => card.dataset[key]))].sort().map((v) => [v, titleOf(key, v)]),
    ]);
  const source = pick("Source", "source");
  const lesson = pick("Lesson", "lesson");
  const state = select("Show", [
    ["", "all"],
    ["open", "not yet voted"],
    ["agree", "you agreed"],
    ["differ", "you did not agree"],
  ]);
  const spoilers = make("optgroup", { label: "opens the verdicts" });
  for (const [value, name] of Object.entries(NAMES)) {
    spoilers.append(make("option", { value: "=" + value }, name));
  }
  state.append(spoilers);

  const fits = (card) => {
    const { vote: choice, verdict } = card.dataset;
    const wanted = {
      "": true,
      open: !choice,
      agree: choice && agrees(card),
      differ: choice && !agrees(card),
    }[state.value];
    const words = search.value.toLowerCase().split(" ");
    return (
      (wanted ?? state.value === "=" + verdict) &&
      (!source.value || source.value === card.dataset.source) &&
      (!lesson.value || lesson.value === card.dataset.lesson) &&
      words.every((word) => card.textContent.toLowerCase().includes(word))
    );
  };
  const apply = () => {
    cards.forEach((card) => (card.hidden = !fits(card)));
    const shown = cards.filter((card) => !card.hidden);
    document.querySelectorAll("section.claims").forEach((section) => {
      section.hidden = !section.querySelector(".claim:not([hidden])");
    });
    if (state.value.startsWith("=")) open(shown);
    speaker.textContent = `${many(shown.length, "claim")} shown. ${tally()}`;
  };
  bar.addEventListener("input", apply);

  const clear = () => {
    [search, source, lesson, state].forEach((field) => (field.value = ""));
    apply();
  };
  const button = (text, act) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", act);
    bar.append(made);
  };
  button("Show all verdicts", () => {
    open(cards);
    clear();
  });
  button("Start again", () => {
    for (const card of cards) {
      delete card.dataset.vote;
      details.get(card).open = false;
      card.querySelector(".claim-said")?.remove();
      buttons(card).forEach((b) => Object.assign(b, { ariaPressed: "false", disabled: false }));
    }
    clear();
  });

  // An address such as #claim-1-30 opens what it names.
  const follow = () => {
    const named = location.hash && document.getElementById(location.hash.slice(1));
    if (!named?.id?.startsWith("claim-")) return;
    if (named.closest("[hidden]")) clear();
    const box = named.closest("details") ?? named.querySelector("details");
    box.open = true;
    named.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
})();
