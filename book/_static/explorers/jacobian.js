/* <jacobian-ellipse>: what the powers of W = [[λ₁, a], [0, λ₂]] do to the unit circle.
 * Its data: presets, each { name, eig: [λ₁, λ₂], shear: a, norms }, the spectral norms of powers
 * 0, every, 2 · every, ... as the lesson measured them; every is 1 where the data have none. */
"use strict";

{
  const { make, range, brief, expect, areNumbers, choice, press, predict, verdict, slider, panel, logs,
    chart, setting, powers, singular, radius, circle, Plotted } = unrolled;
  const [START, LAST] = [8, 60]; // powers
  const FLOOR = -12; // lowest logarithm on the chart
  const LIMITS = [["eigenvalue λ₁", -1.5, 1.5], ["eigenvalue λ₂", -1.5, 1.5], ["shear a", 0, 10]];

  /** A preset; sliders go in steps of 0.01. */
  const isGood = ({ name, eig, shear, norms }) => name && areNumbers([...eig, shear], 3) &&
    [...eig, shear].every((x, i) => x === +x.toFixed(2) && x >= LIMITS[i][1] && x <= LIMITS[i][2]) &&
    areNumbers(norms) && norms.length > 1;

  const normsOf = (W) => powers(W, LAST).map((power) => singular(power)[0]);

  class JacobianEllipse extends Plotted {
    static title = "What do powers of a matrix do to a circle?";

    build() {
      const presets = this.data?.presets;
      expect(() => presets.length && presets.every(isGood), "jacobian-ellipse", "presets of name, eig " +
        "(two, −1.5 to 1.5), shear (0 to 10), to two decimals, and norms of powers 0, 1, ...");
      this.presets = presets.map(({ eig, shear }) => [...eig, shear]);
      const names = presets.map(({ name }) => name);
      // Ask about a W that vanishes, by the longest way round.
      const worth = (W) => (radius(W) < 1) * 1e9 + Math.max(...normsOf(W));
      const asked = this.presets.reduce((a, b) => (worth(b) > worth(a) ? b : a));
      const first = this.presets.find((W) => W !== asked) ?? asked;
      const changed = () => this.update();
      this.sliders = LIMITS.map(([name, low, high], i) =>
        slider(name, [low, high, 0.01], first[i], brief, changed));
      this.power = slider("power k", [0, LAST, 1], START, String, changed);
      this.choice = choice("Try", names, (i) => this.take(this.presets[i]));
      this.close([...this.choice.buttons.filter((_, i) => this.presets[i] !== first), this.sliders[2].input]);
      this.circle = circle(changed);
      this.norms = panel([["c-hidden", "‖Wᵏ‖"], ["c-muted dashed", "ρᵏ, ρ the largest |λ|"],
        ["c-muted dotted", "‖W‖ᵏ, the bound"], ["dot open c-hidden", "measured in the lesson"]]);
      return [
        predict(`Predict: “${names[this.presets.indexOf(asked)]}” has (λ₁, λ₂, a) = (${asked.map(brief).join(", ")}). ` +
          "Will ‖Wᵏ‖ grow at first? Your answer opens the shear.", ["yes", "no"],
          (no) => {
            const norms = normsOf(asked);
            const top = Math.max(...norms);
            const k = norms.indexOf(top);
            this.take(asked, k || START);
            return verdict(!no === k > 0, k ? `it grows to ${brief(top)} at k = ${k}` : "it never exceeds 1");
          }),
        make("p", {}, "W = [[λ₁, a], [0, λ₂]]"),
        this.choice.element,
        make("div", { class: "explorer-sliders" }, ...[...this.sliders, this.power, this.circle.angle].map((s) => s.element)),
        this.sentence,
        make("div", { class: "explorer-panels" }, this.circle.element, this.norms.element),
      ];
    }

    take(W, k = this.power.value) {
      W.forEach((x, i) => this.sliders[i].set(x));
      this.power.set(k);
      this.update();
    }

    tells({ preset }) {
      return preset && this.choice.buttons[setting(preset, 1, this.presets.length) - 1].disabled;
    }

    go({ preset, power }) {
      const k = setting(power, 0, LAST, this.power.value);
      const W = preset && this.presets[setting(preset, 1, this.presets.length) - 1];
      this.take(W ?? this.sliders.map((s) => s.value), k);
    }

    update() {
      const W = this.sliders.map((s) => s.value);
      const k = this.power.value;
      const all = powers(W, LAST);
      const [long, short] = singular(all[k]);
      const [half, length] = this.circle.show(all.slice(0, k + 1));
      const norms = normsOf(W);
      const top = Math.max(...norms);
      const [rhos, bounds] = [radius(W), norms[1]].map((x) => norms.map((_, i) => x ** i));
      const chosen = this.presets.findIndex((preset) => String(preset) === String(W));
      press(this.choice.buttons, chosen);

      const heights = logs([...norms, ...rhos]).map(([, y]) => y);
      const { norms: told = [], every = 1 } = this.data.presets[chosen] ?? {};
      const measured = logs(told).map(([i, y]) => [i * every, y]).filter(([i]) => i % 4 === 0);
      chart(this.norms.svg, {
        label: "‖Wᵏ‖ over k.", x: [0, LAST], xName: "power k", yName: "norm", log: true, height: 330,
        y: [Math.max(FLOOR, Math.floor(Math.min(...heights, -1))), Math.ceil(Math.max(...heights, 0.8) + 0.2)],
        lines: [{ kind: "c-muted dotted", points: logs(bounds) }, { kind: "c-hidden", points: logs(norms) },
          { kind: "c-muted dashed", points: logs(rhos) }],
        dots: [...measured.map((at) => ({ kind: "dot open c-hidden", at })),
          { kind: "dot c-hidden", at: [k, Math.log10(long)], r: 7 }],
      });
      this.sentence.textContent = `k = ${k}: ‖Wᵏ‖ = ${brief(long)}, peak ${brief(top)} at ` +
        `k = ${norms.indexOf(top)}, ρᵏ = ${brief(rhos[k])}, ‖W‖ᵏ = ${brief(bounds[k])}. The circle is now an ` +
        `ellipse with half axes ${brief(long)} and ${brief(short)}, in a picture ${brief(2 * half)} wide; ` +
        `x has become a vector of length ${brief(length)}.`;
    }
  }

  customElements.define("jacobian-ellipse", JacobianEllipse);
}
