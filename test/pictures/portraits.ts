// `node test/pictures/portraits.ts`: draws the demo's specialists into seeds/demo/portraits. Nobody sat for them.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openBrowser } from '../support/browser.ts';
import { projectRoot } from '../support/stack.ts';

interface Look {
  calendarId: number;
  wall: string;
  skin: string;
  hair: string;
  coat: string;
  cut: 'short' | 'long' | 'bun' | 'bald' | 'curly';
  glasses?: true;
  beard?: true;
}

const looks: Look[] = [
  { calendarId: 7001, wall: '#dfe7e4', skin: '#e9bd9b', hair: '#6b4326', coat: '#35586b', cut: 'long' },
  {
    calendarId: 7002,
    wall: '#e8e1d6',
    skin: '#f0c9ad',
    hair: '#9a9388',
    coat: '#4b4a59',
    cut: 'short',
    glasses: true,
  },
  { calendarId: 7003, wall: '#dde3ea', skin: '#ecc59c', hair: '#23201f', coat: '#6a3d3d', cut: 'short' },
  { calendarId: 7004, wall: '#e6dfe8', skin: '#c99670', hair: '#2c2320', coat: '#3d6357', cut: 'bun' },
  {
    calendarId: 7005,
    wall: '#e1e6dc',
    skin: '#f2d0b5',
    hair: '#c9a66b',
    coat: '#5a4a3a',
    cut: 'short',
    beard: true,
  },
  {
    calendarId: 7006,
    wall: '#eae0da',
    skin: '#d6a57c',
    hair: '#3a2a22',
    coat: '#514069',
    cut: 'long',
    glasses: true,
  },
  {
    calendarId: 7007,
    wall: '#dce5e8',
    skin: '#eabf9f',
    hair: '#54483e',
    coat: '#2f4a63',
    cut: 'bald',
    beard: true,
  },
  {
    calendarId: 7008,
    wall: '#e7e4da',
    skin: '#f1cdb2',
    hair: '#b9703d',
    coat: '#46553f',
    cut: 'short',
    glasses: true,
    beard: true,
  },
  { calendarId: 7021, wall: '#e4ded9', skin: '#dcae86', hair: '#2e2622', coat: '#4a3c5c', cut: 'short' },
  { calendarId: 7022, wall: '#e0e6df', skin: '#7d4f35', hair: '#1d1715', coat: '#7a4a34', cut: 'curly' },
];

const side = 256;

function svgOf({ wall, skin, hair, coat, cut, glasses, beard }: Look): string {
  const behind: Record<Look['cut'], string> = {
    short: '',
    bald: '',
    long: `<path d="M72 118c-6-52 24-82 56-82s62 30 56 82c-2 30 4 56 12 74H60c8-18 14-44 12-74z" fill="${hair}"/>`,
    bun: `<circle cx="128" cy="34" r="22" fill="${hair}"/>`,
    curly: `<g fill="${hair}"><circle cx="128" cy="72" r="56"/><circle cx="80" cy="92" r="26"/><circle cx="176" cy="92" r="26"/></g>`,
  };
  const before: Record<Look['cut'], string> = {
    short: `<path d="M80 106c-4-44 20-66 48-66s54 18 48 66c-6-18-14-28-22-34-20 8-44 8-58 2-8 8-12 18-16 32z" fill="${hair}"/>`,
    bald: `<path d="M82 116c-4-8-4-20 0-28 0 12 2 18 4 28zM174 116c4-8 4-20 0-28 0 12-2 18-4 28z" fill="${hair}"/>`,
    long: `<path d="M80 112c-2-44 18-70 48-70s52 24 48 70c-6-26-20-40-36-48-14 20-40 26-60 48z" fill="${hair}"/>`,
    bun: `<path d="M82 106c-2-42 16-62 46-62s50 20 46 62c-8-22-24-34-46-34s-38 12-46 34z" fill="${hair}"/>`,
    curly: `<path d="M86 100c6-20 20-30 42-30s36 10 42 30c4-40-14-60-42-60s-46 20-42 60z" fill="${hair}"/>`,
  };
  const spectacles = `<g fill="none" stroke="#2e2a27" stroke-width="3"><rect x="94" y="104" width="28" height="22" rx="9"/><rect x="134" y="104" width="28" height="22" rx="9"/><path d="M122 112q6-4 12 0"/></g>`;
  const whiskers = `<path d="M84 126c2 38 20 52 44 52s42-14 44-52c-6 20-14 26-20 24-12-6-36-6-48 0-6 2-14-4-20-24z" fill="${hair}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 256 256">
    <rect width="256" height="256" fill="${wall}"/>
    ${behind[cut]}
    <path d="M24 256c4-46 42-66 104-66s100 20 104 66z" fill="${coat}"/>
    <path d="M96 194l32 34 32-34 12 6-44 56-44-56z" fill="#fbfaf8"/>
    <path d="M106 160h44v34q-22 26-44 0z" fill="${skin}"/><path d="M106 172q22 18 44 0v8q-22 18-44 0z" fill="#00000018"/>
    <ellipse cx="128" cy="118" rx="45" ry="56" fill="${skin}"/>
    ${beard ? whiskers : ''}${before[cut]}
    <g fill="#2e2a27"><circle cx="109" cy="116" r="4.5"/><circle cx="147" cy="116" r="4.5"/></g>
    <g fill="none" stroke="#00000055" stroke-width="3.5" stroke-linecap="round"><path d="M100 102q9-5 17-1M139 101q8-4 17 1"/><path d="M127 122q-5 12 4 13"/></g>
    <path d="M112 150q16 11 32 0" fill="none" stroke="#8c3f3a" stroke-width="4" stroke-linecap="round"/>
    ${glasses ? spectacles : ''}
  </svg>`;
}

const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: side, height: side } });
  for (const look of looks) {
    await page.setContent(`<style>body { margin: 0 }</style>${svgOf(look)}`);
    const bytes = await page.screenshot({ type: 'png' });
    await writeFile(path.join(projectRoot, `seeds/demo/portraits/${look.calendarId}.png`), bytes);
  }
} finally {
  await browser.close();
}
