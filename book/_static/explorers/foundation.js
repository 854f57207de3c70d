/* What the book's explorers share. An explorer is a custom element that answers to the reader and
 * says in a sentence what it shows. Classic script, no module: it also runs from the disk. What
 * stands inside the tag is for readers without JavaScript; the script puts itself in its place. */
"use strict";

globalThis.unrolled = {};

{
  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };

  /** An element of the page: make("p", { class: "note" }, "text", another). */
  unrolled.make = (tag, attributes = {}, ...children) =>
    fill(document.createElement(tag), attributes, children);

  /** The same for a drawing: draw("line", { x1: 0, y1: 0, x2: 9, y2: 9 }). */
  unrolled.draw = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** Whole numbers, both ends included. */
unrolled.range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A number to five places, as the lessons print it, with a true minus sign. */
unrolled.write = (x) => x.toFixed(5).replace(/^-(?=[0.]+$)/, "").replace("-", "−");

/** A number in four figures, 0.001234 or 1.234e−7, as short as it can be. */
unrolled.brief = (x) => {
  const size = Math.abs(x);
  const text = size && (size < 1e-3 || size >= 1e4)
    ? x.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e")
    : String(+x.toPrecision(4));
  return text.replaceAll("-", "−");
};

/** True for a list of finite numbers, of this length where one is given. */
unrolled.areNumbers = (list, length = list?.length) =>
  Array.isArray(list) && list.length === length && list.every(Number.isFinite);

/** Refuse data that a test does not pass or cannot bear: what the tag holds then stays in place. */
unrolled.expect = (test, tag, what) => {
  try {
    if (test()) return;
  } catch { /* no better than false */ }
  throw new Error(`${tag}: expected ${what}`);
};

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
 * to the reader who took option i. */
unrolled.predict = (question, options, answered) => {
  const { make, button, press } = unrolled;
  const verdict = make("p", { role: "status" });
  const buttons = options.map((option, i) =>
    button(option, () => {
      press(buttons, i);
      verdict.textContent = answered(i);
    }));
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

/** Base of all explorers. A subclass has a static title; build(), which returns its parts, the
 * sentence among them; and update(), which shows what is chosen and says it in the sentence. */
unrolled.Explorer = class extends HTMLElement {
  connectedCallback() {
    if (this.sentence) return; // moved within the page
    const { make } = unrolled;
    const { title } = this.constructor;
    const data = this.querySelector('script[type="application/json"]');
    this.data = data && JSON.parse(data.textContent);
    this.sentence = make("p", { class: "explorer-sentence", role: "status" });
    const parts = this.build(); // an error here leaves in place what the tag holds
    this.replaceChildren(
      make("div", { class: "explorer", role: "group", "aria-label": title },
        make("p", { class: "explorer-title" }, title), ...parts));
    this.update();
  }

  choose(choice) {
    this.chosen = choice;
    this.update();
  }
};
