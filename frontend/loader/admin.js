// Starts the admin page. The page's policy forbids inline scripts, so this small module is the one
// script the page names. Trunk writes the hashed names of the glue and its WASM as preload links.
const link = (rel) => document.querySelector(`link[rel="${rel}"]`)?.href;

try {
  const glue = await import(link('modulepreload'));
  await glue.default({ module_or_path: link('preload') });
} catch (error) {
  console.error(error);
  document.getElementById('starting').textContent =
    'The admin page could not start. Reload it; if that does not help, update your browser.';
}
