const TICK_MS = 5000;
let now = $state(Date.now());
setInterval(() => {
  now = Date.now();
}, TICK_MS);

/** Milliseconds since the epoch, every few seconds anew; reactive, for times that are told as 'ago'. */
export const clock = (): number => now;
