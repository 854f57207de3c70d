/* Powers of W = [[p, q], [0, r]], kept as [p, r, q]: what is on the diagonal, then what is above. */
"use strict";

{
  /** W⁰, W¹, ..., as far as last. */
  unrolled.powers = ([p, r, q], last) => unrolled.range(1, last).reduce((all) => {
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
}
