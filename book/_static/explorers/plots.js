/* What explorers with curves share: charts with axes, the key that names their lines, and rates.
 * A chart is drawn in pixels of the page, so that its text keeps its size on a narrow screen. */
"use strict";

{
  const { make, draw, range, Explorer } = unrolled;

  /** Least squares through (step, log10 of a size): the factor per step, and the ends of the line. */
  unrolled.fit = (points) => {
    const mean = (f) => points.reduce((sum, point) => sum + f(point), 0) / points.length;
    const [a, b] = [mean(([x]) => x), mean(([, y]) => y)];
    const slope = mean(([x, y]) => (x - a) * (y - b)) / mean(([x]) => (x - a) ** 2);
    return { factor: 10 ** slope, line: [points[0], points.at(-1)].map(([x]) => [x, b + slope * (x - a)]) };
  };

  /** A line for a chart: the logarithms of sizes 0, 1, ...; of a zero, one below every chart. */
  unrolled.logs = (sizes) => sizes.map((size, i) => [i, Math.max(Math.log10(size), -400)]);

  /** How long until half is left of what shrinks by a factor per step, in words. */
  unrolled.halfLife = (factor) => factor >= 1 ? "it never halves"
    : `half is left after ${unrolled.brief(Math.log(0.5) / Math.log(factor))} steps`;

  /** A chart below its key: each line as it is drawn, and what it is. Entries are [kind, text]. */
  unrolled.panel = (entries, size = "") => {
    const sample = (kind) => (kind.startsWith("dot") ? draw("circle", { class: kind, cx: 18, cy: 7, r: 4.5 })
      : draw("path", { class: kind, d: "M1 7H35" }));
    const svg = draw("svg", { class: "explorer-chart", role: "img" });
    const key = make("ul", { class: "explorer-key" }, ...entries.map(([kind, text]) =>
      make("li", {}, draw("svg", { width: 36, height: 14, "aria-hidden": true }, sample(kind)), text)));
    return { svg, element: make("div", { class: `explorer-panel ${size}` }, key, svg) };
  };

  /** Round numbers of an interval, at most so many; whole, if asked. */
  const ticks = ([low, high], most, whole) => {
    const scale = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = [1, 2, 5, 10, 20, 50].map((s) => s * scale)
      .find((s) => (high - low) / s <= most && !(whole && s < 1));
    return range(Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)).map((i) => i * step);
  };

  /** Draw a chart into an svg. x and y are intervals; with log or xLog, of logarithms to base 10.
   * Unless square, x counts steps or layers.
   * lines: { kind, points: [[x, y], ...] }; dots: { kind, at: [x, y], r }; field(X, Y) returns what
   * else to draw. Returns a function from a pointer's event to its place in the chart. */
  unrolled.chart = (svg, { label, x, y, xName, yName, log, xLog, xTicks, yTicks, square, height = 250,
    lines = [], dots = [], field = () => [] }) => {
    // To measure a far chart would lay it out.
    const near = svg.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
    const width = (near && Math.round(svg.getBoundingClientRect().width)) || 440;
    const [left, top, below] = [48, 32, 44];
    const w = width - left - 14;
    const h = square ? w : height - top - below;
    const X = (value) => +(((value - x[0]) / (x[1] - x[0])) * w).toFixed(2);
    const Y = (value) => +(h - ((value - y[0]) / (y[1] - y[0])) * h).toFixed(2);
    const text = (value, logarithm, attributes) => draw("text", attributes, ...(!logarithm
      ? [unrolled.brief(+value.toPrecision(9))]
      : ["10", draw("tspan", { dy: -5, class: "small" }, String(value).replace("-", "−"))]));
    const path = ({ kind, points }) => draw("path", { class: kind,
      d: points.map(([a, b], i) => `${i ? "L" : "M"}${X(a)} ${Y(b)}`).join("") });
    const inside = ([a, b]) => (a - x[0]) * (a - x[1]) <= 0 && (b - y[0]) * (b - y[1]) <= 0;

    svg.setAttribute("viewBox", `0 0 ${width} ${top + h + below}`);
    svg.style.setProperty("--tall", square ? "calc(100cqw + 14px)" : `${height}px`);
    svg.setAttribute("aria-label", label);
    svg.replaceChildren(
      draw("text", { x: 0, y: 15 }, yName),
      draw("text", { x: left + w, y: top + h + 38, class: "end" }, xName),
      draw("g", { transform: `translate(${left} ${top})` },
        ...(yTicks ?? ticks(y, h / 36, log)).flatMap((value) => [
          draw("path", { class: "grid", d: `M0 ${Y(value)}h${w}` }),
          text(value, log, { x: -7, y: Y(value) + 5, class: "end" })]),
        ...(xTicks ?? ticks(x, w / 42, !square)).flatMap((value) => [
          draw("path", { class: "grid", d: `M${X(value)} ${h}v5` }),
          text(value, xLog, { x: X(value), y: h + 20, class: "middle" })]),
        // A drawing of its own cuts off what leaves the chart.
        draw("svg", { width: w, height: h }, ...lines.map(path), ...field(X, Y)),
        ...dots.filter((dot) => inside(dot.at)).map(({ kind, at, r }) =>
          draw("circle", { class: kind, cx: X(at[0]), cy: Y(at[1]), r: r ?? 4.5 }))));
    return ({ clientX, clientY }) => {
      const box = svg.getBoundingClientRect();
      const share = (place, before, size) => (place * (width / box.width) - before) / size;
      return [x[0] + share(clientX - box.left, left, w) * (x[1] - x[0]),
        y[1] - share(clientY - box.top, top, h) * (y[1] - y[0])];
    };
  };

  /** Take hold of what has the class handle, by mouse or finger: move(event) hears where it goes. */
  unrolled.grab = (svg, move) => {
    svg.onpointerdown = ({ target, pointerId }) => {
      if (!target.classList.contains("handle")) return;
      svg.setPointerCapture(pointerId);
      svg.onpointermove = move;
    };
    svg.onpointerup = svg.onpointercancel = () => (svg.onpointermove = null);
  };

  /** An explorer that draws itself again when it gets another width. */
  unrolled.Plotted = class extends Explorer {
    start() {
      if (this.sentence) return;
      super.start();
      new ResizeObserver(() => requestAnimationFrame(() => {
        if (this.clientWidth !== this.width) this.update();
        this.width = this.clientWidth;
      })).observe(this);
    }
  };
}
