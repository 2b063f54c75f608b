// The frame's own script: brings the WebAssembly into the page that the server drew, and speaks with
// the page around it. Until then, and without it, the page's forms work by themselves.
const root = document.getElementById('onfile');
const { base, glue, wasm, texts, step, parentOrigin, cookie, accent } = root.dataset;
const framed = parent !== window && !!parentOrigin;
const page = document.documentElement;

let widget; // must stay referenced: the widget ends when its handle is collected
let port, nonce, held, alone;

const tell = (message) => port?.postMessage({ ...message, v: 1, nonce });

// ----- the page around the frame

// Says hello to the one page that may frame this one, and waits for a port and the session's secret.
const introduction = () => new Promise((resolve) => {
  addEventListener('message', function hear(event) {
    const { source, origin, data, ports } = event;
    if (source !== parent || origin !== parentOrigin || data?.onfile !== 1 || data.type !== 'init' || typeof data.nonce !== 'string' || !ports[0]) return;
    removeEventListener('message', hear);
    [port] = ports;
    nonce = data.nonce;
    port.onmessage = ({ data: message }) => {
      if (message?.v === 1 && message.nonce === nonce) heard(message);
    };
    new ResizeObserver(() => tell({ type: 'height', height: Math.ceil(root.getBoundingClientRect().height) })).observe(root);
    resolve(data);
  });
  parent.postMessage({ onfile: 1, type: 'hello' }, parentOrigin);
});

function heard({ type, id, options, appearance }) {
  if (type === 'appearance') dress(appearance);
  else if (alone && type === 'submit') tell({ type: 'outcome', id, outcome: outcomeAlone() });
  else if (!widget) return;
  else if (type === 'submit' && Number.isInteger(id)) widget.submit(id);
  else if (type === 'update') widget.update(wanted(options));
  else if (type === 'focus') widget.focus();
  else if (type === 'clear') widget.clear();
}

// ----- looks

const VARIABLES = {
  colorBackground: '--paper', colorText: '--ink', colorTextSecondary: '--ink-soft', colorTextPlaceholder: '--ink-faint', colorDanger: '--danger',
  fontFamily: '--font', borderRadius: '--radius', fontWeightBold: '--weight-bold',
};
let looks = {};

function dress(appearance) {
  looks = appearance ?? looks;
  const { theme, variables = {} } = looks;
  if (theme === 'light' || theme === 'dark') page.dataset.theme = theme;
  else if (theme) delete page.dataset.theme;
  let main = accent;
  for (const [written, value] of Object.entries(variables)) {
    const name = written.replace(/^-+/, '').replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    if (name === 'colorPrimary') main = value;
    else if (name === 'fontSizeBase') page.style.setProperty('font-size', value);
    else if (VARIABLES[name]) page.style.setProperty(VARIABLES[name], value);
  }
  if (main) accentuate(main);
}

// The merchant's accent, darkened or lightened until it can be read, with what is written on it.
function accentuate(color) {
  const probe = document.createElement('i');
  root.append(probe);
  const rgb = (value) => {
    probe.style.color = '';
    probe.style.color = value;
    return probe.style.color && getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  const [given, paper, ink] = [rgb(String(color)), rgb('var(--paper)'), rgb('var(--ink)')];
  probe.remove();
  if (!given) return;
  const light = (c) => c.map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const mix = (a, b, part) => a.map((v, i) => Math.round(v + (b[i] - v) * part));
  let [readable, part] = [given, 0];
  // 5 rather than 4.5: the wash behind links and chosen cards takes a little.
  while (contrast(readable, paper) < 5 && part < 1) readable = mix(given, ink, part += 0.05);
  const [white, black] = [[255, 255, 255], [16, 18, 20]];
  const css = (c) => `rgb(${c.join(' ')})`;
  const set = (name, c) => page.style.setProperty(name, css(c));
  set('--accent', readable);
  set('--accent-strong', mix(readable, ink, 0.25));
  set('--accent-wash', mix(paper, readable, 0.08));
  set('--on-accent', contrast(readable, white) >= contrast(readable, black) ? white : black);
}

// ----- the widget

// A page around the frame has its own button to pay; a page of its own needs one.
const wanted = (options) => ({ ...options, button: options?.button ?? !framed });

// A form pressed before the widget is there waits for it: without the cookie it could not be posted.
root.addEventListener('submit', (event) => {
  if (widget || alone || cookie) return;
  event.preventDefault();
  held = event.target.getAttribute('action');
}, true);

const settled = () => step === 'done' || step === 'guest';
// What was chosen is the server's to say; the page only learns that something was.
const outcomeAlone = () => settled()
  ? { customer: null, card: null, save: false, guest: step === 'guest' }
  : { error: { type: 'validation_error', code: 'incomplete', message: root.querySelector('h1')?.textContent ?? '', field: null } };

const resume = () => {
  if (held) [...root.querySelectorAll('form')].find((form) => form.getAttribute('action') === held)?.requestSubmit();
};

async function load() {
  const [module, table] = await Promise.all([
    import(glue).then(async (module) => (await module.default({ module_or_path: fetch(wasm) }), module)),
    fetch(texts).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status))),
  ]);
  return { module, table };
}

async function start() {
  dress();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => dress());
  // What came of a step without scripts stays as it is drawn.
  if (!framed && /^(done|guest|ended)$/.test(step)) return;
  const loading = load();
  loading.catch(() => {});
  const { secret, options, defaultValues, appearance, texts: own } = framed ? await introduction() : {};
  dress(appearance);
  try {
    const { module, table } = await loading;
    for (const key in own) if (key in table) table[key] = String(own[key]);
    const given = { secret: cookie ? undefined : secret, texts: table, options: wanted(options), defaultValues };
    widget = module.mount(root, given, tell);
    addEventListener('pagehide', () => widget.closing());
  } catch {
    // The forms go on alone, under the frame's cookie; the page learns where they are.
    try {
      if (secret && !cookie) await fetch(`${base}/cookie`, { method: 'POST', headers: { Authorization: `Bearer ${secret}` } });
    } catch (error) {
      return tell({ type: 'loaderror', error: { type: 'load_error', code: 'unreachable', message: String(error), field: null } });
    }
    alone = true;
    tell({ type: 'ready' });
    if (step === 'guest') tell({ type: 'guest' });
    tell({ type: 'change', empty: false, complete: settled(), value: null });
  }
  resume();
}

start();
