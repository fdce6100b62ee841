// plotly's FigureWidget, with its 5 MB of JavaScript loaded once for a page and without a time limit.
//
// This module is what anywidget loads; it is small, so a model is ready at once.  plotly's own bundle comes from the
// kernel as a message, if no figure of this page has brought it before.  Changes that arrive while it is being loaded
// would be lost, so when it is there the kernel sends the whole figure once more, and plotly's widget starts with that.

const LOADED = "__gmp_lab_plotly_bundle__"; // a promise of the bundle, for all figures of the page

function load(buffer) {
  const url = URL.createObjectURL(new Blob([buffer], { type: "text/javascript" }));
  globalThis[LOADED] = import(url).finally(() => URL.revokeObjectURL(url));
}

function askForBundle(model) {
  return new Promise((resolve) => {
    const onMessage = (message, buffers) => {
      if (message.sent !== "bundle") return;
      model.off("msg:custom", onMessage);
      resolve(buffers[0]);
    };
    model.on("msg:custom", onMessage);
    model.send({ wish: "bundle" });
  });
}

// After each update plotly's widget tells the kernel all that it has worked out itself (defaults, ranges of axes): half
// as many bytes again as the update, and work for a kernel that may have the next key to answer.  Nobody asks for it.
const UNHEARD = new Set(["_js2py_traceDeltas", "_js2py_layoutDelta"]);

function quiet(model) {
  return new Proxy(model, {
    get(target, name) {
      if (name === "set") return (key, ...rest) => (UNHEARD.has(key) ? target : target.set(key, ...rest));
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

// The answer is a trait, set together with the state; a message could overtake it.
function askForState(model) {
  return new Promise((resolve) => {
    const onState = () => {
      model.off("change:_states", onState);
      resolve();
    };
    model.on("change:_states", onState);
    model.send({ wish: "state" });
  });
}

async function start(model) {
  if (!globalThis[LOADED]) {
    const buffer = await askForBundle(model);
    if (!globalThis[LOADED]) load(buffer); // another figure may have been faster
  }
  const plotly = (await globalThis[LOADED]).default();
  await askForState(model);
  const calm = quiet(model);
  plotly.initialize({ model: calm });
  return { render: (context) => plotly.render({ ...context, model: calm }) };
}

export default () => {
  let started;
  return {
    initialize({ model }) {
      started = start(model); // not awaited: the model is ready, its figure follows
    },
    async render(context) {
      const plotly = await started;
      return plotly.render(context);
    },
  };
};
