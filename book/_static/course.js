// A box that scrolls must be reachable with the keyboard, and only then.
(() => {
  const update = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${box.dataset.label}, scrolls sideways`);
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
  };
  const boxes = document.querySelectorAll(".scroll-box");
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  boxes.forEach((box) => observer.observe(box)); // of a section far below: when it is drawn,
  const later = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  let queue = []; // or when there is nothing else to do
  const next = () => {
    if (queue.length) update(queue.shift());
    if (queue.length) later(next);
  };
  const start = () => {
    queue = [...boxes];
    later(next);
  };
  document.fonts?.addEventListener("loadingdone", start); // other letters, other widths
  start();
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
