/* <lag-matrix>: which state hears which loss.
 * Its data: networks, each { name, log10 }, log10 square: row τ − 1 holds, for loss τ, the logarithm
 * to base 10 of the norm of its derivative by state 1, 2, ..., τ, and null for later states. */
"use strict";

{
  const { make, draw, range, brief, rounded, expect, areNumbers, choice, press, predict, verdict, fit, halfLife,
    panel, chart, setting, clamp, steerByKeys, Plotted } = unrolled;
  const LEVELS = range(0, 19); // colours
  const back = (points) => 1 / fit(points).factor; // per step

  const isGood = ({ name, log10 }, _, [{ log10: { length: T } }]) => name && T > 2 && log10.length === T &&
    log10.every((row, i) => row.length === T && areNumbers(row.slice(0, i + 1)) &&
      row.slice(i + 1).every((x) => x === null));

  /** In the colour of a level. */
  const area = (level, d) => {
    const share = 8 + 192 * level / LEVELS.at(-1);
    const style = `--first: ${Math.min(share, 100)}%; --second: ${Math.max(share - 100, 0)}%`;
    return draw("path", { class: "cells", style, d });
  };

  class LagMatrix extends Plotted {
    static title = "Who hears which loss?";

    build() {
      const networks = (this.networks = this.data?.networks);
      expect(() => networks.length > 1 && networks.every(isGood), "lag-matrix", "networks (2 or more) of " +
        "name and log10, (T, T) with one T > 2, numbers up to the diagonal, then null");
      const T = (this.T = networks[0].log10.length);
      this.chosen = [T, 1, 0]; // τ, t, network
      const sizes = networks.flatMap(({ log10 }) => log10.flat()).filter((x) => x !== null);
      this.ends = [Math.floor(Math.min(...sizes)), Math.floor(Math.max(...sizes)) + 1];
      const names = networks.map(({ name }) => name);
      this.choice = choice("Network", names, (i) => this.move(...this.chosen.slice(0, 2), i));
      const rates = networks.map((_, i) => back(this.heard(i, T)));
      const best = rates.indexOf(Math.max(...rates));
      this.close(this.choice.buttons.slice(1));

      this.map = panel([["dot ring", "the chosen cell"]]);
      const { svg } = this.map;
      svg.setAttribute("role", "application");
      svg.tabIndex = 0;
      svg.onclick = (event) => this.move(...this.find(event).reverse());
      svg.onpointermove = (event) => event.pointerType === "mouse" && svg.onclick(event);
      steerByKeys(svg, (down, right) => this.move(this.chosen[0] + down, this.chosen[1] + right));
      const end = (i) => `1e${this.ends[i]}`.replace("-", "−");
      this.map.element.append(make("p", { class: "explorer-scale" }, end(0),
        draw("svg", { viewBox: `0 0 ${LEVELS.length} 1`, preserveAspectRatio: "none", "aria-hidden": true },
          ...LEVELS.map((level) => area(level, `M${level} 0h1v1h-1z`))), end(1)));
      this.row = panel([["c-gradient", "row of the chosen loss"], ["c-muted dashed", "its rate"]]);
      return [
        predict("Predict: in which network does the last loss fade least on its way back? " +
          "Your answer opens the others.", names, (i) => {
          this.move(T, 1, best);
          return verdict(i === best, `in “${names[best]}” the factor per step is ${brief(rates[best])}`);
        }),
        this.choice.element,
        make("p", {}, "Point at a cell, or use the arrow keys."),
        make("div", { class: "explorer-panels" }, this.map.element, this.row.element),
        this.sentence,
      ];
    }

    /** Logarithms of what states 1 to τ hear of loss τ, as points (t, y). */
    heard(network, tau) {
      return this.networks[network].log10[tau - 1].slice(0, tau).map((y, i) => [i + 1, y]);
    }

    move(tau, t, network = this.chosen[2]) {
      const row = clamp(tau, 1, this.T);
      this.choose([row, clamp(t, 1, row), network]);
    }

    tells({ network }) {
      return setting(network, 1, this.networks.length, 1) > 1;
    }

    go({ network, loss, state }) {
      const [tau, t, i] = this.chosen;
      this.move(setting(loss, 1, this.T, tau), setting(state, 1, this.T, t),
        setting(network, 1, this.networks.length, i + 1) - 1);
    }

    update() {
      const { T, chosen: [tau, t, network], ends: [low, high] } = this;
      const points = this.heard(network, tau);
      const value = rounded(10 ** points[t - 1][1], 2);
      press(this.choice.buttons, network);

      const level = (y) => Math.floor((y - low) / (high - low) * LEVELS.length);
      this.find = chart(this.map.svg, {
        label: `Heat map; arrow keys move. Loss ${tau}, state ${t}: ${value}`, square: true,
        x: [0.5, T + 0.5], y: [T + 0.5, 0.5], xName: "state t", yName: "loss τ", xTicks: [1, T], yTicks: [1, T],
        field: (X, Y) => {
          const box = (row, from, to) => `M${X(from - 0.5)} ${Y(row - 0.5)}H${X(to + 0.5)}V${Y(row + 0.5)}H${X(from - 0.5)}z`;
          const boxes = LEVELS.map(() => "");
          range(1, T).forEach((row) => this.heard(network, row).forEach(([i, y]) => {
            boxes[level(y)] += box(row, i, i);
          }));
          return [...boxes.map((d, i) => area(i, d)), draw("path", { class: "c-muted", d: box(tau, 1, tau) })];
        },
        dots: [{ kind: "dot ring", at: [t, tau], r: 6 }],
      });
      const lines = [{ kind: "c-gradient", points }];
      if (tau > 2) lines.unshift({ kind: "c-muted dashed", points: fit(points).line });
      chart(this.row.svg, {
        label: `Loss ${tau} over the states.`, x: [1, T], y: [low, high], xName: "state t", log: true,
        yName: `norm of the derivative of loss ${tau}`, height: 330, lines,
        dots: [{ kind: "dot c-gradient", at: points[t - 1], r: 7 }],
      });
      const rate = back(points);
      this.sentence.textContent = `Loss τ = ${tau}, state t = ${t}, lag ${tau - t}: the derivative has the ` +
        `norm ${value}. ` + (tau < 3 ? "This row is too short for a rate."
          : `The factor per step is ${brief(rate)}: ${halfLife(rate)}.`);
    }
  }

  customElements.define("lag-matrix", LagMatrix);
}
