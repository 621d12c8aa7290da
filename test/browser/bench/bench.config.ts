import base from '../playwright.config';

/** make bench: the page's figures. */
export default { ...base, testDir: __dirname, testMatch: ['paint.ts', 'use.ts'], outputDir: '../../../build/browser' };
