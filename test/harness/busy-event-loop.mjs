// Loaded before the service: SIGUSR2 makes its event loop busy, and the next one ends that.
const TURN_MS = 100;

let turns;

process.on('SIGUSR2', () => {
  if (turns) {
    clearInterval(turns);
    turns = undefined;
    return;
  }
  turns = setInterval(() => {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end);
  }, 1);
});
