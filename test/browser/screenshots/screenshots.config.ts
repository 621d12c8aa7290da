import base from '../playwright.config';

/** make screenshots: pictures, no checks. */
export default { ...base, testDir: __dirname, testMatch: 'pages.ts', outputDir: '../../../build/browser', timeout: 600_000, use: { ...base.use, actionTimeout: 30_000, navigationTimeout: 30_000 } };
