// Takes the place of the theme's copy of Bootstrap, of which this site used the menus of the header.
// What a button does is shown by its title.  Arrows walk through a menu, Escape closes it.
(() => {
  const menuOf = (button) => button.nextElementSibling;
  const itemsOf = (button) => [...menuOf(button).querySelectorAll(".dropdown-item")];
  const turn = (button, open) => {
    [button, menuOf(button)].forEach((part) => part.classList.toggle("show", open));
    button.setAttribute("aria-expanded", String(open));
  };
  const start = () => {
    document.querySelectorAll("[data-bs-title]").forEach((part) => { part.title = part.dataset.bsTitle; });
    const buttons = [...document.querySelectorAll("[data-bs-toggle='dropdown']")];
    const shut = (but) => buttons.forEach((button) => {
      if (button !== but && button.classList.contains("show")) turn(button, false);
    });
    buttons.forEach((button) => {
      button.addEventListener("click", () => turn(button, !button.classList.contains("show")));
      button.parentElement.addEventListener("keydown", (event) => {
        const items = itemsOf(button);
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) {
          event.preventDefault();
          turn(button, true);
          const last = items.length - 1;
          const at = items.indexOf(document.activeElement);
          items[at < 0 ? (step > 0 ? 0 : last) : Math.min(Math.max(at + step, 0), last)]?.focus();
        } else if (event.key === "Escape" && button.classList.contains("show")) {
          turn(button, false);
          button.focus();
        }
      });
    });
    ["click", "focusin"].forEach((kind) => document.addEventListener(kind, ({ target }) =>
      shut(buttons.find((button) => button.parentElement.contains(target)))));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
