/* <signal-by-depth>: a signal on its way up the layers, and its gradient on the way back. Its data:
 * depth L, and cases, each { activation, init, width, forward, backward }: log10 of the norms at
 * layers 1 to L. */
"use strict";

{
  const { make, brief, expect, areNumbers, choice, press, predict, verdict, slider, panel, fit, chart,
    Plotted } = unrolled;
  const unique = (list) => [...new Set(list)];
  const alike = (a, b) => a.activation === b.activation && a.init === b.init;
  const around = (values) => [Math.floor(Math.min(...values, -0.5)), Math.ceil(Math.max(...values, 0.5))];
  const line = (logs) => logs.map((y, i) => [i + 1, y]);
  const up = ({ forward }) => fit(line(forward)).factor;
  const back = ({ backward }) => 1 / fit(line(backward)).factor;
  const isGood = (L) => ({ activation, init, width, forward, backward }) =>
    activation && init && width > 0 && areNumbers(forward, L) && areNumbers(backward, L);
  const KEY = [["c-hidden", "signal"], ["c-gradient dashed", "gradient"]];

  class SignalByDepth extends Plotted {
    static title = "Where does the signal go?";

    build() {
      const { depth, cases } = this.data ?? {};
      expect(() => depth > 2 && cases.length && cases.every(isGood(depth)), "signal-by-depth",
        "depth above 2, and cases of activation, init, width, forward and backward, a number per layer");
      // Ask where the width decides soonest; −1, for nowhere, becomes the largest.
      const crossing = (at) => {
        const grows = this.family(at).map((c) => back(c) > 1);
        return grows.indexOf(!grows[0]) >>> 0;
      };
      const asked = cases.reduce((a, b) => (crossing(b) < crossing(a) ? b : a));
      this.chosen = cases.find((c) => !alike(c, asked)) ?? asked;

      const row = (title, name) => {
        const options = unique(cases.map((c) => c[name]));
        return { name, options, ...choice(title, options, (i) => this.take({ ...this.chosen, [name]: options[i] })) };
      };
      this.rows = [row("Activation", "activation"), row("Weights", "init")];
      this.slider = slider("width", [0, 0, 1], 0, (i) => String(this.family()[i].width),
        (i) => this.choose(this.family()[i]));
      this.layers = panel(KEY);
      this.widths = panel([...KEY, ["dot ring", "this width"]]);
      this.widths.element.hidden = true;
      return [
        predict(`Predict: ${asked.activation} with ${asked.init} weights. Does the gradient shrink on its way back?`,
          ["at every width", "at some", "at none"], (option) => {
            this.widths.element.hidden = false;
            this.take(asked);
            const all = this.family(asked);
            const small = all.filter((c) => back(c) < 1).length;
            const ends = [all[0], all.at(-1)].map((c) => `${brief(back(c))} at width ${c.width}`);
            return verdict(option === (small ? +(small < all.length) : 2), `its factor is ${ends.join(" and ")}`);
          }),
        ...this.rows.map(({ element }) => element),
        make("div", { class: "explorer-sliders" }, this.slider.element),
        make("div", { class: "explorer-panels" }, this.layers.element, this.widths.element),
        this.sentence,
      ];
    }

    /** A recipe's widths. */
    family(one = this.chosen) {
      return this.data.cases.filter((c) => alike(c, one)).sort((a, b) => a.width - b.width);
    }

    /** The case most like it. */
    take(wanted) {
      const { cases } = this.data;
      const all = this.family(wanted);
      const near = all.length ? all : cases.filter((c) => c.activation === wanted.activation);
      const away = ({ width }) => Math.abs(Math.log(width / wanted.width));
      this.choose(near.reduce((a, b) => (away(b) < away(a) ? b : a)));
    }

    go(settings) {
      this.take({ ...this.chosen, ...settings, width: +(settings.width ?? this.chosen.width) });
    }

    update() {
      const { chosen, data: { depth } } = this;
      const all = this.family();
      const { activation, init, width, forward, backward } = chosen;
      this.rows.forEach(({ name, options, buttons }) => press(buttons, options.indexOf(chosen[name])));
      this.rows[1].options.forEach((option, i) =>
        (this.rows[1].buttons[i].disabled = !this.family({ activation, init: option }).length));
      this.slider.input.max = all.length - 1;
      this.slider.set(all.indexOf(chosen));

      chart(this.layers.svg, {
        label: "Norms by layer.", x: [1, depth], xName: "layer", yName: "norm", log: true, height: 320,
        y: around(all.flatMap((found) => [...found.forward, ...found.backward])),
        lines: [{ kind: "c-hidden", points: line(forward) },
          { kind: "c-gradient dashed", points: line(backward) }],
      });
      const by = (factor) => all.map((found) => [Math.log10(found.width), Math.log10(factor(found))]);
      const [ups, backs] = [by(up), by(back)];
      const [wide, at] = [[ups[0][0] - 0.1, ups.at(-1)[0] + 0.1], all.indexOf(chosen)];
      chart(this.widths.svg, {
        label: "Factor per layer by width.", x: wide, xName: "width", xLog: true, log: true, height: 320,
        y: around([...ups, ...backs].map(([, y]) => y)), yName: "factor per layer (dotted: 1)",
        lines: [{ kind: "c-muted dotted", points: wide.map((x) => [x, 0]) }, { kind: "c-hidden", points: ups },
          { kind: "c-gradient dashed", points: backs }],
        dots: [...ups.map((p) => ({ kind: "dot c-hidden", at: p })),
          ...backs.map((p) => ({ kind: "dot c-gradient", at: p })),
          ...[ups, backs].map((p) => ({ kind: "dot ring", at: p[at], r: 8 }))],
      });
      this.sentence.textContent = `${activation}, ${init}, width ${width}: per layer the signal is multiplied ` +
        `by ${brief(up(chosen))} on its way up, the gradient by ${brief(back(chosen))} on its way back. At layer 1 the gradient has ${brief(10 ** (backward[0] - backward.at(-1)))} of its norm at layer ${depth}.`;
    }
  }

  customElements.define("signal-by-depth", SignalByDepth);
}
