// Owns what every page must pass: axe in light and dark, no sideways scroll, no empty icon, pictures taken.
// Does not own how a test gets to the page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { OUT, findingsOf } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [320, 390, 1024];

/**
 * Looks at the page as it stands; what is wrong fails the journey at its end. axe runs over CDP, so that the page's policy stays strict.
 * @param {string} name of the pictures: NAME.png, NAME-dark.png, NAME-mobile.png
 */
export async function look(page, name) {
  const size = page.viewportSize();
  await page.evaluate(() => document.fonts.ready.then(() => true));
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: `${OUT}/${name}${colorScheme === 'dark' ? '-dark' : ''}.png` });
    found.push(...(await violations(page)).map((each) => `${colorScheme}: ${each}`));
  }
  found.push(...(await emptyIcons(page)));
  await page.emulateMedia({ colorScheme: 'light' });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    if (width === 390) await page.screenshot({ path: `${OUT}/${name}-mobile.png` });
    found.push(...(await sideways(page, width)));
  }
  await page.setViewportSize(size);
  findingsOf(page).push(...found.map((each) => `${name} (${new URL(page.url()).pathname}): ${each}`));
}

async function violations(page) {
  await page.evaluate(axe);
  const result = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: 'tag', values } }), TAGS);
  return result.violations.map((rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} — ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`).join('; ')}`);
}

/** Icons that the sprite doesn't have: they leave a hole. */
async function emptyIcons(page) {
  return page.evaluate(() => [...document.querySelectorAll('svg use')]
    .filter((each) => each.ownerSVGElement.checkVisibility() && each.getBBox().width === 0)
    .map((each) => `no icon ${each.getAttribute('href')}`));
}

/** What sticks out when the whole page scrolls sideways. Works without script too. */
export async function sideways(page, width) {
  const out = await page.evaluate((limit) => {
    if (document.documentElement.scrollWidth <= limit) return [];
    const wide = [...document.querySelectorAll('body *')].filter((each) => {
      const box = each.getBoundingClientRect();
      if (box.width === 0 || box.right <= limit + 1) return false;
      for (let up = each.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false;
      return true;
    });
    return [`scrollWidth ${document.documentElement.scrollWidth}`, ...wide.slice(0, 4).map((each) => each.outerHTML.slice(0, 90))];
  }, width);
  return out.length ? [`${width} px scrolls sideways: ${out.join(' | ')}`] : [];
}
