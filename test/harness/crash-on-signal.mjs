/** Loaded before the service by a test that has it crash. */
process.on('SIGUSR2', () => {
  throw new Error('out of order', { cause: new Error('postgres://app:sesame@db/messages') });
});
process.on('SIGHUP', () => {
  void Promise.reject(new TypeError('nobody waits for this'));
});
