// What Python cannot know or do: the page's theme and the panel's width, names for a screen reader, the clipboard.
//
// A panel is a lab panel, or a widget that asks something (class gmp-quiz).
// `theme` follows the page: JupyterLab says it in an attribute of <body>; elsewhere the background decides.
// `width` follows the panel (pixels): plotly's widget is drawn before it is on the page, so it cannot know it.
// `drawn` counts plotly's figures in the panel: plotly tells the document when one is on the page.
// A custom message {save: {name, kind, text}} saves a file as a download does.
// A custom message {copy: text} puts text on the clipboard and is answered with {copied: true or false}.

const NARROW = 560; // pixels: below, labels stand above their controls
const PANEL = ".gmp-lab-panel, .gmp-quiz";

function lightness(colour) {
  const parts = (colour.match(/[\d.]+/g) || []).map(Number);
  if (parts.length < 3 || parts[3] === 0) return null; // transparent: look further out
  return (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255;
}

function themeOf(el) {
  const said = document.body.dataset.jpThemeLight;
  if (said !== undefined) return said === "true" ? "light" : "dark";
  for (let at = el; at; at = at.parentElement) {
    const found = lightness(getComputedStyle(at).backgroundColor);
    if (found !== null) return found < 0.5 ? "dark" : "light";
  }
  return "light";
}

// ipywidgets' sliders, player and toggles have no names or states that a screen reader could say.
function nameControls(panel) {
  for (const slider of panel.querySelectorAll(".widget-slider")) {
    const label = slider.querySelector(".widget-label")?.textContent ?? "";
    const handles = slider.querySelectorAll(".noUi-handle");
    const ends = handles.length > 1 ? [", from", ", to"] : [""];
    handles.forEach((handle, i) => handle.setAttribute("aria-label", label + ends[i]));
    const readout = slider.querySelector(".widget-readout");
    readout?.setAttribute("role", "textbox");
    readout?.setAttribute("aria-label", `${label}, as a number`);
  }
  for (const icon of panel.querySelectorAll("button > i")) icon.setAttribute("aria-hidden", "true");
  for (const player of panel.querySelectorAll(".widget-play")) {
    ["Play or pause", "Stop and go to the start"].forEach((name, i) => {
      const button = player.querySelectorAll("button")[i];
      button?.setAttribute("aria-label", name);
      button?.setAttribute("title", name);
    });
  }
  for (const head of panel.querySelectorAll(".jupyter-widget-Collapse-header")) {
    const open = head.parentElement.classList.contains("jupyter-widget-Collapse-open");
    head.setAttribute("aria-expanded", String(open));
    head.setAttribute("aria-label", head.textContent); // without the arrow's picture
    if (head.tabIndex === 0) continue;
    head.tabIndex = 0; // ipywidgets' accordions open for a mouse only
    head.setAttribute("role", "button");
    head.addEventListener("keydown", (event) => {
      if (event.target !== head || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      head.click();
    });
  }
  for (const button of panel.querySelectorAll(".widget-toggle-button")) {
    button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
  }
  nameGroups(panel);
  // A box for an answer has no name of its own but its title.
  for (const box of panel.querySelectorAll(".gmp-answer textarea")) box.setAttribute("aria-label", box.title || "Your answer");
  // JupyterLab takes the arrow keys for its cells, also from a list that has the focus.
  for (const list of panel.querySelectorAll("select")) list.setAttribute("data-lm-suppress-shortcuts", "true");
}

// A group of ipywidgets' radio buttons has no name: it is the question that stands before it.
function nameGroups(panel) {
  let question = "";
  for (const part of panel.querySelectorAll(".gmp-question, .widget-radio-box")) {
    if (part.matches(".gmp-question")) {
      question = part.textContent.trim();
    } else if (question) {
      part.setAttribute("role", "radiogroup");
      part.setAttribute("aria-label", question);
      const radios = part.querySelectorAll("input");
      radios.forEach((radio, i) => {
        radio.setAttribute("aria-posinset", String(i + 1)); // each is an HTML group of its own
        radio.setAttribute("aria-setsize", String(radios.length));
      });
    }
  }
  for (const place of panel.querySelectorAll(".gmp-live")) place.setAttribute("role", "status");
}

function put(model, name, value) {
  if (model.get(name) === value) return;
  model.set(name, value);
  model.save_changes();
}

async function copy(model, text) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copied = false; // no permission, or a page without https: the text is on the page
  }
  model.send({ copied });
}

function save({ name, kind, text }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // the browser may still be reading it
}

// Wait until the element is on the page, inside its panel.
function onPage(el, then) {
  let frame = 0;
  const look = () => {
    const panel = el.closest(PANEL);
    if (panel && panel.isConnected) then(panel);
    else frame = requestAnimationFrame(look);
  };
  look();
  return () => cancelAnimationFrame(frame);
}

function watch(model, el, panel, signal) {
  const tellTheme = () => put(model, "theme", themeOf(panel));
  const tellWidth = () => {
    if (panel.clientWidth <= 0) return; // not shown
    panel.classList.toggle("gmp-narrow", panel.clientWidth < NARROW);
    put(model, "width", panel.clientWidth);
  };
  const names = () => requestAnimationFrame(() => nameControls(panel)); // after the widgets have changed
  const theme = new MutationObserver(tellTheme);
  let waiting = 0; // a button whose words change gets a new icon, a sheet a new table
  const changed = new MutationObserver(() => { clearTimeout(waiting); waiting = setTimeout(names, 150); });
  changed.observe(panel, { childList: true, subtree: true });
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  const size = new ResizeObserver(tellWidth);
  size.observe(panel);
  for (const event of ["focusin", "click", "keyup"]) panel.addEventListener(event, names, { signal });
  const tellDrawn = ({ detail }) => { if (panel.contains(detail.element)) put(model, "drawn", model.get("drawn") + 1); };
  document.addEventListener("plotlywidget-after-render", tellDrawn, { signal });
  signal.addEventListener("abort", () => { theme.disconnect(); size.disconnect(); changed.disconnect(); });
  tellTheme();
  names();
}

function initialize({ model }) {
  const onMessage = (message) => {
    if (typeof message.copy === "string") copy(model, message.copy);
    if (message.save) save(message.save);
  };
  model.on("msg:custom", onMessage);
  return () => model.off("msg:custom", onMessage);
}

function render({ model, el }) {
  const gone = new AbortController();
  const stop = onPage(el, (panel) => watch(model, el, panel, gone.signal));
  return () => { stop(); gone.abort(); };
}

export default { initialize, render };
