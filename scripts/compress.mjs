// Writes FILE.br (quality 11) and FILE.gz (level 9) beside every compressible file under a folder
// and prints what each folder directly inside it weighs.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const COMPRESSIBLE = new Set(
  ['.css', '.html', '.js', '.json', '.map', '.mjs', '.svg', '.txt', '.wasm', '.webmanifest', '.xml'],
);
const [brotli, gz] = [promisify(brotliCompress), promisify(gzip)];
const root = process.argv[2];

async function compress(path) {
  const raw = await readFile(path);
  const [br, zipped] = await Promise.all([
    brotli(raw, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    }),
    gz(raw, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, zipped)]);
  return { path: relative(root, path), raw: raw.length, br: br.length, gz: zipped.length };
}

const files = (await readdir(root, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && COMPRESSIBLE.has(extname(entry.name)))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const sizes = (await Promise.all(files.map(compress))).sort((a, b) => a.path.localeCompare(b.path));

const line = (name, { raw, gz, br }) =>
  console.log(`  ${name.padEnd(44)} ${[raw, gz, br].map((n) => String(n).padStart(9)).join(' ')}`);
console.log(`  ${'bytes'.padEnd(44)}       raw        gz        br`);
for (const folder of new Set(sizes.map(({ path }) => path.split(sep)[0]))) {
  const members = sizes.filter(({ path }) => path.split(sep)[0] === folder);
  const sum = (key) => members.reduce((total, file) => total + file[key], 0);
  members.forEach((file) => line(file.path, file));
  line(`${folder}: all`, { raw: sum('raw'), gz: sum('gz'), br: sum('br') });
}
