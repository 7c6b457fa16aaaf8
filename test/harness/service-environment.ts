/** For a service of a test: on free ports of loopback, and quick to start, or fail to, and to stop. */
export const SERVICE_ENVIRONMENT: Readonly<NodeJS.ProcessEnv> = {
  // How busy the machine is that tests run on is not what they are about.
  SHED_EVENT_LOOP_DELAY: '0',
  LOG_LEVEL: 'silent',
  HOST: '127.0.0.1',
  PORT: '0',
  MANAGEMENT_HOST: '127.0.0.1',
  MANAGEMENT_PORT: '0',
  STARTUP_TIMEOUT: '0',
  SHUTDOWN_DELAY: '0',
  // It asks the primary for pages, which tests count.
  CACHE_CHECK_INTERVAL: '0',
};
