// Brings Onfile's script into the page, once, from the server that the merchant runs. The script is
// never bundled: what it does with a shopper's data must come from that server as it is now.

const loads = new Map();

/**
 * @param {string} origin where Onfile serves, such as `https://pay.example`
 * @returns {Promise<import('./onfile.d.ts').OnfileConstructor | null>} null on a server, where there is no page
 */
export function loadOnfile(origin) {
  if (typeof document === 'undefined') return Promise.resolve(null);
  if (globalThis.Onfile) return Promise.resolve(globalThis.Onfile);
  const src = `${new URL(origin).origin}/widget/v1/onfile.js`;
  if (!loads.has(src)) {
    loads.set(src, new Promise((resolve, reject) => {
      const script = document.querySelector(`script[src="${src}"]`) ?? Object.assign(document.createElement('script'), { src, async: true });
      script.addEventListener('load', () => resolve(globalThis.Onfile));
      script.addEventListener('error', () => {
        loads.delete(src);
        script.remove();
        reject(new Error(`Onfile: ${src} did not load`));
      });
      if (!script.isConnected) document.head.append(script);
    }));
  }
  return loads.get(src);
}
