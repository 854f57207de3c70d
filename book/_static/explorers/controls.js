/* The controls of the explorers: buttons, choices, sliders, and the question that comes first. All
 * of them work by keyboard. */
"use strict";

/** A button that can be pressed, and is not yet. */
unrolled.button = (text, onclick, attributes = {}) =>
  unrolled.make("button", { type: "button", "aria-pressed": false, onclick, ...attributes }, text);

/** Press one of several buttons; index undefined presses none. */
unrolled.press = (buttons, index) =>
  buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === index));

/** A row of buttons of which one is pressed. */
unrolled.choice = (name, options, choose) => {
  const { make } = unrolled;
  const buttons = options.map((option, i) => unrolled.button(option, () => choose(i)));
  const element = make("div", { class: "explorer-choice", role: "group", "aria-label": name },
    make("span", {}, name), ...buttons);
  return { element, buttons };
};

/** A slider; say(value) puts into words what it is set to. */
unrolled.slider = (name, [min, max, step], value, say, changed) => {
  const { make } = unrolled;
  const said = make("output", { "aria-live": "off" });
  const input = make("input", { type: "range", "aria-label": name, min, max, step,
    oninput: () => { show(); changed(+input.value); } });
  const show = () => {
    said.textContent = say(+input.value);
    input.setAttribute("aria-valuetext", said.textContent);
  };
  const set = (x) => { input.value = x; show(); };
  set(value);
  return { element: make("label", { class: "explorer-slider" }, make("span", {}, name), said, input),
    set, input, get value() { return +input.value; } };
};

/** A question to answer before something is shown; answered(i) shows it, and returns what to say
 * to the reader who took option i. Whoever skips the question gets the same without a verdict.
 * The explorer hears of it by an event. */
unrolled.predict = (question, options, answered) => {
  const { make, button, press } = unrolled;
  const verdict = make("p", { role: "status" });
  const buttons = [...options, "show me"].map((option, i) =>
    button(option, () => {
      press(buttons, i);
      const said = answered(i);
      verdict.textContent = i < options.length ? said : said.replace(/^[^:]*: /, "Without a prediction: ");
      verdict.dispatchEvent(new Event("answered", { bubbles: true }));
    }));
  buttons.at(-1).classList.add("explorer-skip");
  return make("div", { class: "explorer-predict", role: "group", "aria-label": "Prediction" },
    make("p", {}, question), ...buttons, verdict);
};

unrolled.verdict = (right, why) => `Your prediction was ${right ? "right" : "wrong"}: ${why}.`;

/** Arrow keys, Home and End choose among buttons in rows; only the chosen one is a Tab stop. */
unrolled.moveByKeys = (buttons, columns, choose) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const ends = { Home: 0, End: buttons.length - 1 };
  buttons.forEach((button, index) =>
    button.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return; // the browser's own keys
      const target = ends[event.key] ?? index + steps[event.key];
      if (!(target in buttons)) return;
      event.preventDefault();
      choose(target);
      buttons[target].focus();
    }));
};

/** Keys lead through a table: move(down, right) hears how many rows and columns. */
unrolled.steerByKeys = (element, move) => {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -1e9], End: [0, 1e9] };
  element.addEventListener("keydown", (event) => {
    if (!steps[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(...steps[event.key]);
  });
};

unrolled.clamp = (x, low, high) => Math.min(Math.max(Math.round(x), low), high);
