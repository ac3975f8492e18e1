import { expect, test } from 'vitest';

import { browserClock } from '../../src/store/index.js';

function clocks() {
  const at = { steady: 10, wall: 1000 };
  return {
    at,
    now: browserClock(
      () => at.steady,
      () => at.wall,
    ),
  };
}

test('it follows the steady clock, in nanoseconds', () => {
  const { at, now } = clocks();
  expect(now()).toBe(0n);
  at.steady += 1.5;
  expect(now()).toBe(1_500_000n);
});

test('it includes a sleep that only the wall clock counted', () => {
  const { at, now } = clocks();
  at.steady += 1;
  at.wall += 60_000;
  expect(now()).toBe(60_000_000_000n);
});

test('it does not go back when the wall clock is set back', () => {
  const { at, now } = clocks();
  at.wall -= 60_000;
  at.steady += 1;
  expect(now()).toBe(1_000_000n);
  at.wall += 1;
  at.steady += 1;
  expect(now()).toBe(2_000_000n);
});

test('it does not run ahead when read often, though the wall clock is coarse', () => {
  const { at, now } = clocks();
  for (let tick = 0; tick < 1000; tick += 1) {
    at.steady = 10 + tick / 10;
    at.wall = 1000 + Math.floor(tick / 10);
    now();
  }
  expect(now()).toBe(99_900_000n);
});
