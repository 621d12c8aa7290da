// Where a figure goes: to the terminal, and into build/bench/page.json beside the others.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(__dirname, '../../../build/bench');
const file = join(folder, 'page.json');

export function report(name: string, what: string, figures: readonly number[], aim: number, unit = 'ms'): void {
  const sorted = [...figures].sort((a, b) => a - b);
  const round = (figure: number) => Number(figure.toPrecision(unit === 'ms' ? 4 : 3));
  const [best, median, worst] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!].map(round);
  console.log(`${what}: ${median} ${unit} (${best}–${worst}, ${figures.length} times; aim: ${aim})`);
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify({ ...before, [name]: { best, median, worst, aim, unit } }, null, 1));
}
