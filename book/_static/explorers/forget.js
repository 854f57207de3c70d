/* <forget-bias>: how long a cell remembers, by the bias of its forget gate.
 * Its data: lags and biases, both rising; measured[i][j], the size of the whole gradient of the cell
 * at lag j with bias i, and direct[i][j], that of its direct path alone, both as shares of lag 0. */
"use strict";

{
  const { make, brief, expect, areNumbers, choice, press, predict, verdict, slider, panel, fit, halfLife,
    chart, Plotted } = unrolled;
  const FLOOR = -12; // lowest logarithm on the chart
  const sigmoid = (b) => 1 / (1 + Math.exp(-b));
  const MOST = 13; // dots on a line
  const STEP = 0.05; // of the slider
  const isOnStep = (b, _, [first]) => Number.isInteger(+((b - first) / STEP).toFixed(6));
  const rises = (list) => areNumbers(list) && list.length > 1 && list.every((x, i) => !i || x > list[i - 1]);

  class ForgetBias extends Plotted {
    static title = "How long does a cell remember?";

    build() {
      const { lags, biases, measured, direct } = this.data ?? {};
      const isTable = (table) => table.length === biases.length &&
        table.every((row) => areNumbers(row, lags.length) && row.every((x) => x > 0));
      expect(() => rises(lags) && lags[0] >= 0 && rises(biases) && biases.every(isOnStep) &&
        isTable(measured) && isTable(direct), "forget-bias", "lags and biases, both rising, biases by " +
        "steps of 0.05, and measured and direct, a row of sizes above 0 for each bias");
      this.last = lags.at(-1);
      const sizes = [...measured, ...direct].flat().map(Math.log10);
      this.ends = [Math.max(FLOOR, Math.floor(Math.min(...sizes))), Math.max(1, Math.ceil(Math.max(...sizes)))];
      const start = Math.max(biases.findIndex((b) => b >= 1), 0);
      this.slider = slider("forget bias b", [biases[0], biases.at(-1), STEP], biases[start], brief,
        () => this.update());
      const take = (i) => {
        this.slider.set(biases[i]);
        this.update();
      };
      this.choice = choice("Measured at b =", biases.map(brief), take);
      this.panel = panel([["c-gate", "σ(b)ᵏ: what the gate alone lets through"],
        ["dot open c-gate", "direct path, from the lesson"]]);
      this.whole = panel([["c-gradient dashed", "whole gradient, measured"]]).element.firstChild;
      this.whole.hidden = true;
      this.panel.svg.before(this.whole);
      return [
        predict(`Predict: the whole gradient also goes round through h. With b = ${brief(biases[start])}, how long ` +
          "is its half-life beside that of the gate alone?", ["about the same", "up to 3 times", "more"], (option) => {
            this.whole.hidden = false;
            take(start);
            const [f, rate] = [sigmoid(biases[start]), this.rate(start)];
            const longer = rate < 1 ? Math.log(f) / Math.log(rate) : Infinity;
            const larger = measured[start].at(-1) / f ** this.last;
            return verdict(option === (longer > 1.25) + (longer > 3), `${halfLife(rate)}, by the gate alone after ` +
              `${brief(Math.log(0.5) / Math.log(f))}; at lag ${this.last} it is ${brief(larger)} times as large`);
          }),
        this.choice.element,
        make("div", { class: "explorer-sliders" }, this.slider.element),
        this.panel.element,
        this.sentence,
      ];
    }

    go({ bias }) {
      const { biases } = this.data;
      if (bias < biases[0] || bias > biases.at(-1)) throw new RangeError(`a link asks for bias ${bias}`);
      if (bias) this.slider.set(+bias);
      this.update();
    }

    /** Factor a step of the whole gradient at a measured bias. */
    rate(i) {
      return fit(this.data.measured[i].map((size, j) => [this.data.lags[j], Math.log10(size)])).factor;
    }

    /** Place of the measured bias next to the one that is set. */
    nearest() {
      const away = this.data.biases.map((b) => Math.abs(b - this.slider.value));
      return away.indexOf(Math.min(...away));
    }

    update() {
      const { last, data: { lags, biases, measured, direct } } = this;
      const b = this.slider.value;
      const f = sigmoid(b);
      const i = this.nearest();
      const line = (sizes) => sizes.map((size, j) => [lags[j], Math.log10(size)]);
      const few = (sizes) => line(sizes).filter((_, j) => j % Math.ceil(lags.length / MOST) === 0);
      const shown = !this.whole.hidden;
      press(this.choice.buttons, biases.indexOf(b));
      this.whole.lastChild.lastChild.textContent = `whole gradient, measured at b = ${brief(biases[i])}`;
      chart(this.panel.svg, {
        label: "What is left after each lag.", x: [0, last], y: this.ends, xName: "lag k, in steps",
        yName: "share that is left", log: true, height: 330,
        lines: [{ kind: "c-gate", points: [[0, 0], [last, last * Math.log10(f)]] },
          ...(shown ? [{ kind: "c-gradient dashed", points: line(measured[i]) }] : [])],
        dots: [...(biases[i] === b ? few(direct[i]) : []).map((at) => ({ kind: "dot open c-gate", at })),
          ...(shown ? few(measured[i]) : []).map((at) => ({ kind: "dot c-gradient", at }))],
      });
      const rate = this.rate(i);
      this.sentence.textContent = `b = ${brief(b)}: the gate keeps f = σ(b) = ${brief(f)} a step, so ` +
        `${halfLife(f)}; its time constant 1/(1 − f) is ${brief(1 / (1 - f))} steps. After ${last} steps ` +
        `σ(b)ᵏ = ${brief(f ** last)}.` + (shown ? ` The whole gradient, measured at b = ${brief(biases[i])}: ` +
        `${brief(measured[i].at(-1))} after ${last} steps, a factor of ${brief(rate)} a step: ${halfLife(rate)}.` : "");
    }
  }

  customElements.define("forget-bias", ForgetBias);
}
