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
      make("div", { class: "explorer", role: "group", "aria-label": title, tabindex: -1 },
        make("p", { class: "explorer-title" }, title), ...parts));
    this.update();
  }

  choose(choice) {
    this.chosen = choice;
    this.update();
  }

  /** The state that a link asks for, such as "network=3&loss=20": go() of the subclass takes its
   * settings as texts; "show" also shows what a prediction would. */
  set(state) {
    const { show, ...settings } = Object.fromEntries(new URLSearchParams(state));
    if (show !== undefined) this.querySelector(".explorer-skip").click();
    this.go(settings);
  }
};

/** The whole number in a link's setting, from low to high; without one, what is set now. */
unrolled.setting = (text, low, high, now) => {
  const value = text === undefined ? now : Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`a link asks for ${text}, expected ${low} to ${high}`);
};
