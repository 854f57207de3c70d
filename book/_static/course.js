// A box that scrolls must be reachable with the keyboard, and only then.  A box is looked at when
// it is drawn: to measure one far below would lay out all that stands before it.
(() => {
  const code = "pre, .cell_output > .output, .jp-RenderedHTMLCommon, .pst-scrollable-table-container";
  const boxes = [...document.querySelectorAll(`.scroll-box, ${code}`)];
  const wide = (box) => box.scrollWidth > box.clientWidth + 1;
  const scrolls = (box) =>
    wide(box) || (!box.dataset.label && box.scrollHeight > box.clientHeight + 1);
  const mark = ([box, does]) => {
    if (does) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    if (!box.dataset.label) return;
    const told = { role: "group", "aria-label": `${box.dataset.label}, scrolls sideways` };
    Object.entries(told).forEach(([name, text]) =>
      does ? box.setAttribute(name, text) : box.removeAttribute(name));
  };
  const update = (some) => some.map((box) => [box, scrolls(box)]).forEach(mark);
  const observer = new ResizeObserver((entries) => update(entries.map(({ target }) => target)));
  boxes.forEach((box) => observer.observe(box));
  const drawn = (box) => box.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
  document.fonts?.addEventListener("loadingdone", () => update(boxes.filter(drawn)));
})();

// Paper is light: print in the light theme whatever the screen shows.
(() => {
  const root = document.documentElement;
  let onScreen = root.dataset.theme;
  addEventListener("beforeprint", () => {
    onScreen = root.dataset.theme;
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = onScreen;
  });
})();
