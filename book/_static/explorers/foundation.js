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

/** A letter with an index: h₁₂. */
unrolled.below = (letter, n) => letter + String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

/** A number to five places, as the lessons print it, with a true minus sign. */
unrolled.write = (x) => x.toFixed(5).replace(/^-(?=[0.]+$)/, "").replace("-", "−");

/** A number in so many figures, 0.001234 or 1.234e−7, as short as it can be. */
unrolled.rounded = (x, figures) => {
  const size = Math.abs(x);
  const text = size && (size < 1e-3 || size >= 1e4)
    ? x.toExponential(figures - 1).replace(/\.?0+e/, "e").replace("e+", "e")
    : String(+x.toPrecision(figures));
  return text.replaceAll("-", "−");
};

unrolled.brief = (x) => unrolled.rounded(x, 4);

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
 * sentence among them; and update(), which shows what is chosen and says it in the sentence.
 * An explorer starts when its section comes near and is drawn, with the first key (Tab then finds
 * its controls), or when a link sets it: what stands far below does not keep a page busy. */
unrolled.Explorer = class extends HTMLElement {
  connectedCallback() {
    if (this.drawn) return; // moved within the page
    this.drawn = new ResizeObserver(() => this.start());
    this.drawn.observe(this);
    addEventListener("keydown", () => this.start(), { once: true, capture: true });
  }

  /** Put what can be moved in the place of what the tag holds. */
  start() {
    if (this.sentence) return;
    this.drawn.disconnect();
    const { make } = unrolled;
    const { title } = this.constructor;
    const data = this.querySelector('script[type="application/json"]');
    this.data = data && JSON.parse(data.textContent);
    this.sentence = make("p", { class: "explorer-sentence", role: "status" });
    const answer = this.querySelector(".explorer-answer") ?? ""; // for paper
    const parts = this.build(); // an error here leaves in place what the tag holds
    this.addEventListener("answered", () => this.open());
    this.replaceChildren(
      make("div", { class: "explorer", role: "group", "aria-label": title, tabindex: -1 },
        make("p", { class: "explorer-title" }, title), ...parts, answer));
    this.update();
  }

  /** Close the controls that would tell the answer, until the question has been answered. */
  close(controls) {
    this.closed = controls;
    controls.forEach((control) => (control.disabled = true));
  }

  /** The question has been answered: open what was closed, and follow the link that waits. */
  open() {
    const { closed, waiting } = this;
    this.closed = this.waiting = null;
    closed?.forEach((control) => (control.disabled = false));
    if (waiting) this.go(waiting);
  }

  choose(choice) {
    this.chosen = choice;
    this.update();
  }

  /** The state that a link asks for, such as "network=3&loss=20": go() of the subclass takes its
   * settings as texts; "show" also shows what a prediction would. Settings of which tells() of the
   * subclass says that they would tell the answer wait for the question. */
  set(state) {
    this.start();
    const { show, ...settings } = Object.fromEntries(new URLSearchParams(state));
    if (show !== undefined) this.querySelector(".explorer-skip").click();
    this.waiting = this.closed && this.tells(settings) ? settings : null;
    if (this.closed) this.querySelector(".explorer-predict [role=status]").textContent =
      this.waiting ? "Your link opens with your answer, or with “show me”." : "";
    if (!this.waiting) this.go(settings);
  }
};

/** The whole number in a link's setting, from low to high; without one, what is set now. */
unrolled.setting = (text, low, high, now) => {
  const value = text === undefined ? now : Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`a link asks for ${text}, expected ${low} to ${high}`);
};
