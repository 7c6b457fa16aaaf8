/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/src', '<rootDir>/scripts', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^jose$': '<rootDir>/test/harness/jose.cjs',
    '^@willsoto/nestjs-prometheus$': '<rootDir>/test/harness/nestjs-prometheus.cjs',
  },
  testEnvironment: '<rootDir>/test/harness/environment.mjs',
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
  testTimeout: 60_000,
  maxWorkers: 2,
  watchPathIgnorePatterns: ['<rootDir>/.data'],
};
