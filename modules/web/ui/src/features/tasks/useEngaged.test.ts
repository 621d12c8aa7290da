import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { attend } from './useEngaged';
import { shiftOf } from './useStill';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const said: boolean[] = [];
  const { handlers, end } = attend((there) => said.push(there));
  return { said, end, ...handlers };
}

it('is there while the pointer moves over it or keys are pressed in it, and three seconds longer', () => {
  const { said, onPointerMove, onKeyDown } = watched();
  onPointerMove({ pointerType: 'mouse' });
  vi.advanceTimersByTime(2999);
  onKeyDown();
  vi.advanceTimersByTime(2999);
  expect(said).toEqual([true]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual([true, false]);
  onPointerMove({ pointerType: 'mouse' });
  expect(said).toEqual([true, false, true]);
});

it('leaves when both have left, and not between two rows', () => {
  const { said, onPointerMove, onPointerLeave, onKeyDown, onBlur } = watched();
  onPointerMove({ pointerType: 'mouse' });
  onKeyDown();
  onPointerLeave();
  onBlur();
  onKeyDown();
  vi.advanceTimersByTime(100);
  expect(said).toEqual([true]);
  onBlur();
  vi.advanceTimersByTime(1);
  expect(said).toEqual([true, false]);
});

it('a finger is no pointer that rests, and who goes away is not there', () => {
  const { said, end, onPointerMove } = watched();
  onPointerMove({ pointerType: 'touch' });
  expect(said).toEqual([]);
  onPointerMove({ pointerType: 'pen' });
  end();
  expect(said).toEqual([true, false]);
});

it('rows hang on the one that moved least', () => {
  const before = new Map([[1, 0], [2, 44], [3, 88]]);
  const shift = (...now: number[]) => shiftOf(before, now.length, (index) => now[index] ?? 0, (index) => index * 44);
  expect(shift(9, 1, 2, 3)).toBe(44);
  expect(shift(2, 3, 8, 9, 1)).toBe(-44);
  expect(shift(1, 3, 8, 9, 2)).toBe(0);
  expect(shift()).toBe(0);
});
