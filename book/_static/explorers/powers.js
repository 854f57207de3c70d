/* Powers of W = [[p, q], [0, r]], kept as [p, r, q]: what is on the diagonal, then what is above;
 * and the picture of what they do to the unit circle. */
"use strict";

{
  const { range, slider, panel, grab, chart } = unrolled;

  /** W⁰, W¹, ..., as far as last. */
  unrolled.powers = ([p, r, q], last) => range(1, last).reduce((all) => {
    const [a, c, b] = all.at(-1);
    return [...all, [a * p, c * r, a * q + b * r]];
  }, [[1, 1, 0]]);

  /** The two singular values, the larger one first. */
  unrolled.singular = ([p, r, q]) => {
    const norm = (Math.hypot(p + r, q) + Math.hypot(p - r, q)) / 2;
    return [norm, norm && Math.abs(p * r) / norm];
  };

  /** The size of the largest eigenvalue. */
  unrolled.radius = ([p, r]) => Math.max(Math.abs(p), Math.abs(r));

  const DEGREE = Math.PI / 180;
  const unit = (degrees) => [Math.cos(degrees * DEGREE), Math.sin(degrees * DEGREE)];
  const apply = ([p, r, q], [x, y]) => [p * x + q * y, r * y];
  const RING = range(0, 180).map((i) => unit(2 * i));

  /** The unit circle, its image, and a vector x on it that turns by hand or by a slider. */
  unrolled.circle = (changed) => {
    const angle = slider("direction of x", [0, 360, 1], 90, (x) => `${x}°`, changed);
    const { svg, element } = panel([["c-muted dashed", "unit circle"], ["c-hidden", "its image under Wᵏ"],
      ["dot open c-gradient", "x: drag it round"], ["c-gradient dotted", "its way to Wᵏx"]], "narrow");
    let find;
    grab(svg, (event) => {
      const [x, y] = find(event);
      angle.set((Math.round(Math.atan2(y, x) / DEGREE) + 360) % 360);
      changed();
    });
    /** Draw what powers 0 to k do; returns half the picture's width, and the length of Wᵏx. */
    const show = (powers) => {
      const last = powers.at(-1);
      const half = 1.15 * Math.max(1, unrolled.singular(last)[0]);
      const x = unit(angle.value);
      const way = powers.map((power) => apply(power, x));
      find = chart(svg, {
        label: "The unit circle and its image under Wᵏ.", square: true,
        x: [-half, half], y: [-half, half], xName: "first coordinate", yName: "second coordinate",
        lines: [{ kind: "c-muted dashed", points: RING },
          { kind: "c-hidden area", points: RING.map((point) => apply(last, point)) },
          { kind: "c-gradient dotted", points: way }],
        dots: [{ kind: "dot c-gradient", at: way.at(-1) }, { kind: "dot open c-gradient", at: x, r: 7 },
          { kind: "handle", at: x, r: 22 }],
      });
      return [half, Math.hypot(...way.at(-1))];
    };
    return { angle, element, show };
  };
}
