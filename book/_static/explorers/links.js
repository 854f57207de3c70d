/* Links in the text that set an explorer: <a href="#lag-matrix:network=2&loss=9">. Without this
 * script they lead to the explorer. With it they also set its state, and a button leads back. */
"use strict";

{
  const find = (hash) => {
    const [tag, state] = decodeURIComponent(hash.slice(1)).split(":");
    const explorer = customElements.get(tag) && document.querySelector(tag);
    return explorer?.set && { explorer, state: state ?? "" };
  };
  const gently = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
  const lead = (element, to, block) => {
    to.scrollIntoView({ behavior: gently(), block });
    element.focus({ preventScroll: true });
  };

  /** Set the explorer and go there; from is the link to return to. */
  const show = ({ explorer, state }, from) => {
    explorer.set(state);
    const frame = explorer.querySelector(".explorer");
    frame.querySelector(".explorer-back")?.remove();
    if (from) {
      const back = unrolled.make("button", { type: "button", class: "explorer-back",
        onclick: () => { lead(from, from, "center"); back.remove(); } }, "↑ back to the text");
      frame.querySelector(".explorer-title").after(back);
    }
    lead(frame, explorer, "start");
  };

  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.('a.explorer-link[href^="#"]');
    const found = link && find(link.hash);
    if (!found) return;
    event.preventDefault();
    history.pushState(null, "", link.hash);
    show(found, link);
  });
  const arrive = () => {
    const found = location.hash && find(location.hash);
    if (found) show(found);
  };
  addEventListener("hashchange", arrive);
  addEventListener("load", arrive);
}
