/* <gradient-ledger>: choose a loss and see what each state hears of it. Its data:
 *   heard   T rows, T + 1 columns: heard[tau - 1][t] is the derivative of loss tau by state t;
 *   shares  T rows, T columns: shares[tau - 1][k - 1] is the term of step k in that of loss tau by W. */
"use strict";

{
  const { make, draw, range, write, below, button, press, predict, verdict, setting, expect,
    areNumbers, Explorer } = unrolled;
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const h = (t) => below("h", t);
  const l = (tau) => below("ℓ", tau);

  const isTable = (T, table, first) => areNumbers(table?.map(() => 0), T) && table.every((row, i) =>
    areNumbers(row, T + 1 - first) && row.every((x, j) => j + first <= i + 1 || x === 0));

  class GradientLedger extends Explorer {
    static title = "What does each state hear of a loss?";

    build() {
      const { heard, shares } = this.data ?? {};
      const T = (this.T = heard?.length);
      expect(() => T > 1 && isTable(T, heard, 0) && isTable(T, shares, 1), "gradient-ledger",
        "heard (T, T + 1) and shares (T, T), T > 1, zero for later steps");
      this.chosen = 0; // all losses
      this.buttons = range(0, T).map((tau) =>
        button(tau ? l(tau) : "all", () => this.choose(tau),
          { "aria-label": tau ? `loss ${l(tau)}` : "all losses" }));
      [this.body, this.foot] = [make("tbody"), make("tfoot")];
      this.heads = ["state", "direct", "+\u00a0carried", "=\u00a0total", ""].map((name) =>
        make("th", { scope: "col" }, name));
      this.close(this.buttons.slice(1, T));
      return [
        predict(`Predict: of ${l(T - 1)} alone, which state hears nothing? Your answer opens it.`,
          range(0, T).map(h), (t) => {
            this.choose(T - 1);
            return verdict(t === T, `${h(T)} comes later, and has no part in it`);
          }),
        make("p", {}, "Choose a loss: its way back lights up."),
        make("div", { class: "explorer-graph" },
          make("div", { class: "explorer-losses", style: `--columns: ${T + 1}` }, ...this.buttons),
          this.graph()),
        this.sentence,
        make("table", { class: "explorer-ledger" },
          make("caption", {}, "The gradient at each state, latest first"),
          make("thead", {}, make("tr", {}, ...this.heads)),
          this.body, this.foot),
      ];
    }

    /** States in a row, each below its loss; an edge has the gradient's direction. */
    graph() {
      this.edges = [];
      const head = (name, x, y, dx, dy) => draw("path", { class: name,
        d: `M${x} ${y}l${-11 * dx - 6 * dy} ${-11 * dy - 6 * dx}l${12 * dy} ${12 * dx}z` });
      // From (x, y), lit by losses first to last
      const edge = (name, first, last, x, y, dx, dy) => {
        const [ux, uy] = [Math.sign(dx), Math.sign(dy)];
        const group = draw("g", { class: "edge", "data-edge": name },
          draw("path", { class: "line", d: `M${x + 5 * ux} ${y + 5 * uy}l${dx - 10 * ux} ${dy - 10 * uy}` }),
          head("forward", x + dx, y + dy, ux, uy), head("back", x, y, -ux, -uy));
        this.edges.push({ group, first, last });
        return group;
      };
      const parts = range(0, this.T).flatMap((t) => {
        const x = 100 * t + 50;
        const node = [
          draw("rect", { class: t ? "" : "initial", x: x - 28, y: 58, width: 56, height: 38, rx: 10 }),
          draw("text", { x, y: 83 }, h(t))];
        return t === 0 ? node : [...node, edge(`l${t}-h${t}`, t, t, x, 56, 0, -53),
          edge(`h${t}-h${t - 1}`, t, this.T, x - 70, 77, 40, 0)];
      });
      this.picture = draw("svg", { viewBox: `0 0 ${100 * (this.T + 1)} 100`, role: "img" }, ...parts);
      return this.picture;
    }

    tells({ loss }) {
      return this.buttons[setting(loss, 0, this.T, 0)].disabled;
    }

    go({ loss }) {
      this.choose(setting(loss, 0, this.T, this.chosen));
    }

    update() {
      const { T, chosen, data: { heard, shares } } = this;
      const losses = chosen ? [chosen] : range(1, T);
      const last = losses.at(-1);
      const rows = range(0, T).reverse().map((t) => {
        const direct = losses.includes(t) ? heard[t - 1][t] : 0;
        const carried = sum(losses.filter((tau) => tau > t).map((tau) => heard[tau - 1][t]));
        const share = t && sum(losses.map((tau) => shares[tau - 1][t - 1]));
        return [t, direct, carried, direct + carried, share];
      });
      const slope = `d${chosen ? l(chosen) : "L"}/dW`;
      const whole = write(sum(rows.map((row) => row[4])));

      press(this.buttons, chosen);
      this.heads.at(-1).textContent = `share of ${slope}`;
      this.body.replaceChildren(...rows.map(([t, ...numbers]) =>
        make("tr", { class: t <= last ? "lit" : "" }, make("th", { scope: "row" }, h(t)),
          // h_0: no loss, no weight.
          ...numbers.map((x, i) => make("td", {}, t || i % 3 ? write(x) : "–")))));
      this.foot.replaceChildren(make("tr", {},
        make("th", { scope: "row", colspan: 4 }, `sum of the shares, ${slope}`),
        make("td", {}, whole)));
      this.edges.forEach((edge) =>
        edge.group.classList.toggle("lit", edge.first <= last && losses[0] <= edge.last));
      const way = (tau) => [l(tau), ...range(0, tau).reverse().map(h)].join(" → ");
      this.picture.setAttribute("aria-label", `Unrolled network. Lit: ${losses.map(way).join("; ")}.`);
      const silent = range(last + 1, T).map(h).join(" and ");
      const story = chosen
        ? `Loss ${l(chosen)} speaks to ${h(chosen)} directly: ${write(heard[chosen - 1][chosen])}. ` +
          `Carried back to ${h(0)}, it has become ${write(heard[chosen - 1][0])}. ` +
          (silent && `It says nothing to ${silent}. `)
        : `All losses: ${h(T)} hears its own loss alone, every earlier state also what is carried back. `;
      this.sentence.textContent = `${story}The shares add up to ${slope} = ${whole}.`;
    }
  }

  customElements.define("gradient-ledger", GradientLedger);
}
