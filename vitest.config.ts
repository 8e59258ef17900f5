import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Child processes, not threads: a test that faults takes down only its own file.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    maxWorkers: '100%',
    // The counts for the last line of .ci/run.
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'build/test-report.json' },
    // The built package is run as Node runs it.
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
export default config;
