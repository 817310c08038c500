// Builds assets/vendor/ from the pinned npm packages: fonts, htmx, the icon sprite and their licences.
// Not a bundler: it copies files, checks them and joins icons. Run after `npm ci --ignore-scripts`.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const vendor = join(root, 'assets', 'vendor');

/** sha256 of htmx.org 4.0.1 dist/htmx.min.js: a second opinion beside the lock file. */
const HTMX_SHA256 = 'a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130';

const INTER = '@fontsource-variable/inter';
const MONO = '@fontsource-variable/jetbrains-mono';

/** [package, file in the package, name in assets/vendor/] */
const FILES = [
  ['htmx.org', 'dist/htmx.min.js', 'htmx.min.js'],
  [INTER, 'files/inter-latin-opsz-normal.woff2', 'inter-latin-opsz-normal.woff2'],
  [INTER, 'files/inter-latin-ext-opsz-normal.woff2', 'inter-latin-ext-opsz-normal.woff2'],
  [MONO, 'files/jetbrains-mono-latin-wght-normal.woff2', 'jetbrains-mono-latin-wght-normal.woff2'],
  ['htmx.org', 'LICENSE', 'licences/htmx.txt'],
  [INTER, 'LICENSE', 'licences/inter.txt'],
  [MONO, 'LICENSE', 'licences/jetbrains-mono.txt'],
  ['lucide-static', 'LICENSE', 'licences/lucide.txt'],
];

function fail(message) {
  console.error(`build-assets: ${message}`);
  process.exit(1);
}

function checkVersions() {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies;
  for (const [name, version] of Object.entries(pinned)) {
    const manifest = join(modules, name, 'package.json');
    if (!existsSync(manifest)) fail(`${name} is not installed; run \`npm ci --ignore-scripts\` first`);
    const installed = JSON.parse(readFileSync(manifest, 'utf8')).version;
    if (installed !== version) {
      fail(`${name} ${installed} is installed, package.json pins ${version}; run \`npm ci --ignore-scripts\``);
    }
  }
}

function copyFiles() {
  for (const [pkg, from, to] of FILES) {
    const source = join(modules, pkg, from);
    if (!existsSync(source)) fail(`${pkg} has no file ${from}`);
    mkdirSync(dirname(join(vendor, to)), { recursive: true });
    copyFileSync(source, join(vendor, to));
  }
  const digest = createHash('sha256').update(readFileSync(join(vendor, 'htmx.min.js'))).digest('hex');
  if (digest !== HTMX_SHA256) fail(`htmx.min.js has sha256 ${digest}, expected ${HTMX_SHA256}`);
}

function iconNames() {
  const names = readFileSync(join(root, 'assets', 'icons.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const wrong = names.find((name) => !/^[a-z0-9-]+$/.test(name));
  if (wrong !== undefined) fail(`assets/icons.txt: "${wrong}" is not an icon name`);
  return names;
}

/** The drawing inside one icon file, without its <svg> frame and with single spaces. */
function iconSymbol(name) {
  const file = join(modules, 'lucide-static', 'icons', `${name}.svg`);
  if (!existsSync(file)) fail(`assets/icons.txt: lucide has no icon named "${name}"`);
  const drawing = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(readFileSync(file, 'utf8'));
  if (drawing === null) fail(`lucide icon "${name}" is not in the expected form`);
  const body = drawing[1].replace(/\s+/g, ' ').trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
}

function buildSprite(names) {
  const notice = '<!-- lucide-static 1.62.0, ISC licence: licences/lucide.txt -->';
  const symbols = names.map(iconSymbol).join('');
  writeFileSync(
    join(vendor, 'icons.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg">${notice}${symbols}</svg>\n`,
  );
}

checkVersions();
rmSync(vendor, { recursive: true, force: true });
copyFiles();
const names = iconNames();
buildSprite(names);
console.log(`assets/vendor: ${FILES.length} files, sprite of ${names.length} icons`);
