/* <axis-explorer>: choose an element of x = np.arange(T * N * D).reshape(T, N, D) and see its place
 * after x.transpose(1, 0, 2), after x.reshape(N, T, D), and in the state. */
"use strict";

{
  const { make, range, button, press, predict, moveByKeys, setting, Explorer } = unrolled;
  const [T, N, D] = [4, 3, 2];
  const START = 10; // x[1, 2, 0]

  /** Index [i, j, k] of a value in an array of shape (_, J, K) that counts up. */
  const indexIn = (J, K, value) =>
    [Math.floor(value / (J * K)), Math.floor(value / K) % J, value % K];
  const place = (value) => indexIn(N, D, value);
  const inTranspose = (value) => {
    const [t, n, d] = place(value);
    return [n, t, d];
  };
  const inReshape = (value) => indexIn(T, D, value);
  const show = (index) => `[${index.join(",\u00a0")}]`;

  class AxisExplorer extends Explorer {
    static title = "Follow one element";

    build() {
      this.chosen = START;
      this.cells = range(0, T * N * D - 1).map(() => []); // of each value, in every array
      this.buttons = this.cells.map((_, value) =>
        button(value, () => this.choose(value), { "aria-label": `${value}, x${show(place(value))}` }));
      moveByKeys(this.buttons, D, (value) => this.choose(value));
      this.reshaped = this.array("x.reshape(N, T, D)", "n", "t", [N, T], inReshape);
      this.reshaped.hidden = true;
      return [
        make("p", {}, "Choose an element of x: click, or use the arrow keys. It gets a solid border " +
          "wherever it stands, and the rest of its sequence a dashed one."),
        this.array("x, shape (T, N, D)", "t", "n", [T, N], place, this.buttons),
        this.sentence,
        make("div", { class: "explorer-panels" },
          this.array("x.transpose(1, 0, 2), shape (N, T, D)", "n", "t", [N, T], inTranspose),
          this.state()),
        predict("Predict: x.reshape(N, T, D) has the shape of the transpose. Where will it put the element?",
          ["at the same place", "somewhere else"],
          (option) => {
            this.reshaped.hidden = false;
            this.update();
            const right = option === (this.isLucky() ? 0 : 1);
            return option > 1 ? "Below, x.reshape(N, T, D) beside them." : `For element ${this.chosen} your prediction was ${right ? "right" : "wrong"}.`;
          }),
        this.reshaped,
      ];
    }

    /** An array as one small table for each index of its first axis. */
    array(name, outer, inner, [blocks, rows], index, buttons) {
      const tables = range(0, blocks - 1).map((i) => {
        const lines = range(0, rows - 1).map((j) =>
          make("tr", {}, make("th", { scope: "row" }, `${inner} = ${j}`)));
        this.cells.forEach((places, value) => {
          const [block, row] = index(value);
          if (block !== i) return;
          places.push(buttons?.[value] ?? make("span", {}, value));
          lines[row].append(make("td", {}, places.at(-1)));
        });
        return make("table", {}, make("caption", {}, `${outer} = ${i}`), make("tbody", {}, ...lines));
      });
      // Elements come in the order of their values; in a transposed row that is the order of d too.
      return make("div", { class: "explorer-array", role: "group", "aria-label": name },
        make("p", {}, make("code", {}, name)), ...tables);
    }

    /** The state has a row for each sequence and no axis for time. */
    state() {
      this.rows = range(0, N - 1).map((n) => make("span", {}, `h[${n}]`));
      const lines = this.rows.map((row, n) =>
        make("tr", {}, make("th", { scope: "row" }, `n = ${n}`), make("td", {}, row)));
      return make("div", { class: "explorer-array explorer-state", role: "group", "aria-label": "the state" },
        make("p", {}, make("code", {}, "h, shape (N, H)")),
        make("table", {}, make("caption", {}, "no time axis"), make("tbody", {}, ...lines)));
    }

    go({ element }) {
      this.choose(setting(element, 0, T * N * D - 1, this.chosen));
    }

    isLucky() {
      return show(inReshape(this.chosen)) === show(inTranspose(this.chosen));
    }

    update() {
      const [t, n, d] = place(this.chosen);
      press(this.buttons, this.chosen);
      this.buttons.forEach((cell, value) => (cell.tabIndex = value === this.chosen ? 0 : -1));
      this.cells.forEach((places, value) =>
        places.forEach((cell) => {
          cell.classList.toggle("chosen", value === this.chosen);
          cell.classList.toggle("kin", value !== this.chosen && place(value)[1] === n);
        }));
      this.rows.forEach((row, i) => row.classList.toggle("chosen", i === n));
      const [rn, rt] = inReshape(this.chosen);
      const reshaped = ` The reshape puts it at ${show(inReshape(this.chosen))}` + (this.isLucky()
        ? ", by luck the right place."
        : `: it would be read as step ${rt} of sequence ${rn}.`);
      this.sentence.textContent = `Element ${this.chosen} is x${show([t, n, d])}: step ${t} of sequence ${n}, feature ${d}. ` +
        `The transpose holds it at ${show([n, t, d])}. It enters row ${n} of the state.` +
        (this.reshaped.hidden ? "" : reshaped);
    }
  }

  customElements.define("axis-explorer", AxisExplorer);
}
