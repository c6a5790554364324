(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  name();
  theme.onclick = () => { root.dataset.theme = dark() ? "light" : "dark"; name(); };

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const fold = target && target.closest("details");
    if (fold) { fold.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const copied = (link) => { link.textContent = "copied"; setTimeout(() => { link.textContent = "#"; }, 1200); };
  for (const link of document.querySelectorAll("a.self")) {
    link.addEventListener("click", () => {
      if (navigator.clipboard) navigator.clipboard.writeText(link.href).then(() => copied(link), () => {});
    });
  }

  const rows = [...document.querySelectorAll(".ev tbody tr")];
  const words = [...new Set(rows.map((row) => row.dataset.status))];
  const filters = document.getElementById("filters");
  if (filters && rows.length > 12 && words.length > 1) {
    filters.hidden = false;
    for (const word of ["all", ...words]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word;
      button.setAttribute("aria-pressed", String(word === "all"));
      button.onclick = () => {
        for (const row of rows) row.hidden = word !== "all" && row.dataset.status !== word;
        for (const other of filters.children) other.setAttribute("aria-pressed", String(other === button));
      };
      filters.append(button);
    }
  }

  let shut = [];
  addEventListener("beforeprint", () => {
    shut = [...document.querySelectorAll("details:not([open])")];
    for (const fold of shut) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of shut) fold.open = false; });
})();
